import type { Context } from '#kernel/context.js';
import type { Role } from '#kernel/event.js';

/** Which roles hold which permission: what the contexts say, and nothing else. */
export class PermissionTable {
  private readonly holders = new Map<string, readonly Role[]>();

  /** Throws where two contexts declare one permission. */
  constructor(contexts: readonly Pick<Context, 'permissions'>[]) {
    for (const [permission, roles] of contexts.flatMap(({ permissions }) =>
      Object.entries(permissions),
    )) {
      if (this.has(permission)) throw new Error(`two contexts declare ${permission}`);
      this.holders.set(permission, roles);
    }
  }

  has(permission: string): boolean {
    return this.holders.has(permission);
  }

  /** Whether any of the roles holds the permission. */
  allows(roles: readonly Role[], permission: string): boolean {
    const holders = this.holders.get(permission) ?? [];
    return roles.some((role) => holders.includes(role));
  }
}
