import type { EventTypes } from '#kernel/decider.js';
import type { DomainEvent } from '#kernel/event.js';
import { Refusal } from '#kernel/refusal.js';

import type { StoredEvent } from './event-log.js';

/** JSON bytes of an event's data or metadata. Throws a clear error where JSON would lose or refuse something. */
export const encode = (value: object): Buffer => {
  refuseLossy(value, '');
  return Buffer.from(JSON.stringify(value));
};

/** Beforehand: a function that JSON.stringify calls for each member takes it three times as long. */
const refuseLossy = (value: unknown, key: string): void => {
  if (typeof value === 'bigint') {
    throw new TypeError(`"${key}" is a bigint: 64-bit numbers are stored as strings`);
  }
  if (typeof value === 'number' && !Number.isFinite(value)) {
    throw new TypeError(`"${key}" is ${String(value)}, which JSON cannot hold`);
  }
  if (typeof value !== 'object' || value === null) return;
  if (Array.isArray(value)) for (const element of value) refuseLossy(element, key);
  else for (const [name, member] of Object.entries(value)) refuseLossy(member, name);
};

export const decode = (bytes: Uint8Array): unknown =>
  JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'));

/**
 * A stream holds an event of a type that this process does not know: readers are deployed before
 * writers, and a decision or a read model made of half a stream would be a wrong one.
 */
export class UnknownEventType extends Refusal {
  constructor({ stream, revision, type }: Pick<StoredEvent, 'stream' | 'type' | 'revision'>) {
    super(
      'EVENT_TYPE_UNKNOWN',
      'unavailable',
      `stream ${stream} holds at ${String(revision)} an event of type ${type}, ` +
        'which this version does not know: deploy the version that does',
    );
  }
}

/** The newest shape of a stored event of a category. Throws `UnknownEventType`. */
export const upcast = <E extends DomainEvent>(types: EventTypes<E>, stored: StoredEvent): E => {
  const known = upcastOrNull(types, stored);
  if (known) return known;
  throw new UnknownEventType(stored);
};

/** As `upcast`, but null for a type that is not of this category. */
export const upcastOrNull = <E extends DomainEvent>(
  types: EventTypes<E>,
  stored: Pick<StoredEvent, 'type' | 'data'>,
): E | null => {
  let event: DomainEvent = { type: stored.type, data: stored.data };
  // An old shape may be two generations old: each upcast leads to a newer type name.
  for (let step = 0; step < 16; step += 1) {
    if (Object.hasOwn(types.events, event.type)) return event as E;
    const next = types.upcasts?.[event.type];
    if (!next) return null;
    event = next(event.data as never);
  }
  throw new Error(`the upcasts of ${stored.type} do not end`);
};
