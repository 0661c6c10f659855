import type { Role } from '#kernel/event.js';

const everybody: readonly Role[] = [
  'viewer',
  'curator',
  'engineer',
  'operator',
  'auditor',
  'admin',
];

/** Which roles hold which permission. Nothing else grants anything. */
export const permissions = {
  'products.read': [...everybody, 'service'],
  'products.write': ['curator', 'admin'],
  'manufacturers.write': ['curator', 'admin'],
  'imports.read': everybody,
  'imports.write': ['curator', 'admin'],
  'events.read': ['auditor', 'admin'],
  'projections.read': ['operator', 'auditor', 'admin'],
  'projections.manage': ['operator', 'admin'],
  'parked.manage': ['operator', 'admin'],
  'keys.manage': ['admin'],
  'fanout.read': ['operator', 'auditor', 'admin', 'service'],
  'fanout.manage': ['operator', 'admin'],
  'analytics.read': [...everybody, 'service'],
  'metrics.read': ['operator', 'auditor', 'admin', 'service'],
} as const satisfies Record<string, readonly Role[]>;

export type Permission = keyof typeof permissions;

/** Whether any of the roles holds the permission. */
export const isPermitted = (roles: readonly Role[], permission: Permission): boolean => {
  const holders: readonly Role[] = permissions[permission];
  return roles.some((role) => holders.includes(role));
};
