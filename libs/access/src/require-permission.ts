import { type CustomDecorator, SetMetadata } from '@nestjs/common';

import type { Permission } from './permissions.js';

export const permissionMetadata = 'voltrace:permission';
export const publicMetadata = 'voltrace:public';

/** Names the permission that a route (or every route of a controller) needs. */
export const RequirePermission = (permission: Permission): CustomDecorator =>
  SetMetadata(permissionMetadata, permission);

/** Opens a route to everybody. A route with neither decorator is refused, and the API does not start. */
export const Public = (): CustomDecorator => SetMetadata(publicMetadata, true);
