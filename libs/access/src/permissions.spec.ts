import { describe, expect, it } from '@jest/globals';

import { isPermitted, permissions } from './permissions.js';

describe('permissions', () => {
  it('come with roles, and no role means none', () => {
    for (const permission of Object.keys(permissions) as (keyof typeof permissions)[]) {
      expect(isPermitted([], permission)).toBe(false);
      expect(isPermitted(['admin'], permission)).toBe(true);
    }
  });

  it('let nobody but an admin hand out keys', () => {
    expect(permissions['keys.manage']).toEqual(['admin']);
  });

  it('let a viewer and a device change nothing', () => {
    const changing = ['products.write', 'manufacturers.write', 'imports.write'] as const;
    const running = ['projections.manage', 'parked.manage', 'fanout.manage'] as const;
    for (const permission of [...changing, ...running]) {
      expect(isPermitted(['viewer', 'device', 'auditor'], permission)).toBe(false);
    }
  });
});
