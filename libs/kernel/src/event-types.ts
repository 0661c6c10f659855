import type { Static, TObject, TProperties } from 'typebox';

import type { DomainEvent } from './event.js';

/**
 * What is said once of a stored event type, beside its category: the compiler takes the type of the
 * data from it, the catalogue its words, the tests its example, and where the category is published
 * the schema is a promise to consumers that we do not know.
 */
export interface EventDeclaration {
  /** One sentence for whoever reads the catalogue or the AsyncAPI document. */
  readonly about: string;
  /** JSON Schema 2020-12 of the data. */
  readonly data: TObject;
  readonly example: object;
  /** Kept to the context, though its category is published. */
  readonly private?: true;
}

/** A type with every member readonly, as data of an event is. */
export type DeepReadonly<T> = T extends readonly (infer Item)[]
  ? readonly DeepReadonly<Item>[]
  : T extends object
    ? { readonly [Member in keyof T]: DeepReadonly<T[Member]> }
    : T;

/** What a closed object of these schemas holds. */
export type ObjectOf<P extends TProperties> = DeepReadonly<Static<TObject<P>>>;

type DataOf<D extends Pick<EventDeclaration, 'data'>> = DeepReadonly<Static<D['data']>>;

/**
 * Declares the event types of a category, by their stored names: the storage format, which is never
 * renamed. The compiler holds each example to its schema.
 */
export const eventTypes = <
  const T extends Readonly<Record<string, Omit<EventDeclaration, 'example'>>>,
>(
  types: T & { readonly [Type in keyof T]: { readonly example: DataOf<T[Type]> } },
): T & { readonly [Type in keyof T]: { readonly example: DataOf<T[Type]> } } => types;

/** The union of the events that `eventTypes` declares. */
export type EventOf<T extends Readonly<Record<string, Pick<EventDeclaration, 'data'>>>> = {
  [Type in keyof T & string]: DomainEvent<Type, DataOf<T[Type]>>;
}[keyof T & string];

type Exemplified<T> = {
  readonly [Type in keyof T & string]: T[Type] extends {
    readonly data: TObject;
  }
    ? DomainEvent<Type, DataOf<T[Type]>>
    : never;
};

/** One valid event of each type, by its type. */
export const exampleEvents = <T extends Readonly<Record<string, EventDeclaration>>>(
  types: T,
): Exemplified<T> =>
  Object.fromEntries(
    Object.entries(types).map(([type, { example }]) => [type, { type, data: example }]),
  ) as Exemplified<T>;
