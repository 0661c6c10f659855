import { describe, expect, it } from 'vitest';

import { PermissionTable } from './permissions.js';

const one = { permissions: { 'things.read': ['viewer', 'admin'] } } as const;

describe('the table of permissions', () => {
  const table = new PermissionTable([one, { permissions: { 'things.write': ['admin'] } }]);

  it('allows what a role holds, and nothing to no role', () => {
    expect(table.allows(['device', 'viewer'], 'things.read')).toBe(true);
    expect(table.allows(['viewer'], 'things.write')).toBe(false);
    expect(table.allows([], 'things.read')).toBe(false);
  });

  it('allows nobody what no context declares', () => {
    expect(table.has('things.burn')).toBe(false);
    expect(table.allows(['admin'], 'things.burn')).toBe(false);
  });

  it('is not made of two declarations of one permission', () => {
    expect(() => new PermissionTable([one, one])).toThrow('two contexts declare things.read');
  });
});
