import type { Static, TObject } from 'typebox';

import type { PublishedMessage } from './contract.js';

/** A type with every member readonly, so that two can be compared for being the same. */
type Plain<T> = T extends readonly (infer Item)[]
  ? readonly Plain<Item>[]
  : T extends object
    ? { readonly [Member in keyof T]: Plain<T[Member]> }
    : T;
type Same<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
type SaysTheSameAs<D, S extends TObject> =
  Same<Plain<D>, Plain<Static<S>>> extends true ? S : { readonly notTheStoredShape: D };

interface StoredMessage<D extends object, S extends TObject> {
  readonly name: string;
  readonly summary: string;
  readonly schema: S & SaysTheSameAs<D, S>;
  readonly example: D;
}

/**
 * A message that says what was stored, member by member.
 *
 * The compiler holds the schema to the type of the event's data, optional members too: who changes
 * one is told to decide on the other. Where they part, a `PublishedMessage` is written out with a
 * `publish` that returns the `Static` type of its schema. Of the data, the schema's members are
 * published and no others: an event of a newer version may hold more.
 */
export const asStored = <D extends object, S extends TObject>(
  message: StoredMessage<D, S>,
): PublishedMessage<D> => {
  const { schema } = message;
  const members = Object.keys(schema.properties) as (keyof D)[];
  const publish = (data: D): object => {
    const published: Partial<D> = {};
    for (const member of members) {
      if (Object.hasOwn(data, member)) published[member] = data[member];
    }
    return published;
  };
  return { ...message, publish };
};
