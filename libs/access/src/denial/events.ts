import { Type } from 'typebox';

import { type EventOf, eventTypes } from '#kernel/event-types.js';
import { closed, name } from '#kernel/schema.js';

// The names below are the storage format.

export const accessDenialCategory = 'accessDenial';

/** One stream per principal and hour (UTC): `accessDenial-<principal>.<yyyymmddhh>`. */
export const accessDenialId = (principal: string, hour: string): string => `${principal}.${hour}`;

const route = name('Method and route template.');
const hour = Type.String({ pattern: '^[0-9]{10}$', description: 'yyyymmddhh, UTC.' });

export const accessDenialEvents = eventTypes({
  AccessDenied: {
    about:
      'The first refusal of a principal on a route within an hour. Who it was is in the metadata.',
    data: closed({ route, permission: name('That the route needs.'), hour }),
    example: { route: 'POST /v1/products', permission: 'products.write', hour: '2026021108' },
  },
  AccessDenialsCounted: {
    about:
      'How many there were in that hour, counted by one process; absent where there was but the first.',
    data: closed({ route, hour, count: Type.Integer({ minimum: 1 }) }),
    example: { route: 'POST /v1/products', hour: '2026021108', count: 42 },
  },
});

export type AccessDenialEvent = EventOf<typeof accessDenialEvents>;
