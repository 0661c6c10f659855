import type { DomainEvent } from '#kernel/event.js';

// The names below are the storage format.

export const accessDenialCategory = 'accessDenial';

/** One stream per principal and hour (UTC): `accessDenial-<principal>.<yyyymmddhh>`. */
export const accessDenialId = (principal: string, hour: string): string => `${principal}.${hour}`;

/** The first refusal of a principal on a route within an hour. Who it was is in the metadata. */
export type AccessDenied = DomainEvent<
  'AccessDenied',
  {
    /** Method and route template. */
    readonly route: string;
    readonly permission: string;
    /** yyyymmddhh, UTC. */
    readonly hour: string;
  }
>;

/** How many there were in that hour, counted by one process; absent where there was but the first. */
export type AccessDenialsCounted = DomainEvent<
  'AccessDenialsCounted',
  { readonly route: string; readonly hour: string; readonly count: number }
>;

export type AccessDenialEvent = AccessDenied | AccessDenialsCounted;
