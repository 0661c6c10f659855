import { describe, expect, it } from 'vitest';

import { PermissionTable } from '#access/permissions.js';
import { contexts } from '#apps/contexts.js';
import { productRegistry } from '#product-registry/context.js';

const table = new PermissionTable(contexts);
const permissions = contexts.flatMap((context) => Object.keys(context.permissions));

describe('the permissions of all contexts', () => {
  it.each(permissions)('%s is held by an admin', (permission) => {
    expect(table.allows(['admin'], permission)).toBe(true);
  });

  it('let nobody but an admin hand out keys', () => {
    const others = ['viewer', 'curator', 'engineer', 'operator', 'auditor', 'service'] as const;
    expect(table.allows(others, 'keys.manage')).toBe(false);
  });

  it('let a viewer, a device and an auditor change nothing', () => {
    const changing = permissions.filter((permission) => !permission.endsWith('.read'));
    expect(changing.length).toBeGreaterThan(5);
    for (const permission of changing) {
      expect(table.allows(['viewer', 'device', 'auditor'], permission)).toBe(false);
    }
  });

  it('let nobody decide what imports leave who may not change what follows', () => {
    const { permissions: held } = productRegistry;
    for (const role of held['imports.review'] ?? []) {
      for (const needed of ['imports.write', 'products.write', 'manufacturers.write']) {
        expect(table.allows([role], needed)).toBe(true);
      }
    }
  });
});
