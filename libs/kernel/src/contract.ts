import type { TSchema } from 'typebox';

import type { EventTypes } from './decider.js';
import type { DomainEvent } from './event.js';

/**
 * One kind of published fact. Its name and the shape of its data are a promise to consumers that we
 * do not know: a change that they would misread is a new name (`....v2`), published beside the old one.
 */
export interface PublishedMessage<D extends object = object> {
  /** Versioned and permanent, such as `voltrace.product-registry.ProductRegistered.v1`: the CloudEvents `type`. */
  readonly name: string;
  /** One sentence for the reader of the AsyncAPI document. */
  readonly summary: string;
  /** JSON Schema 2020-12 of the data. */
  readonly schema: TSchema;
  /** Data of a stored event (newest shape) as it is published. Pure: the same event gives the same bytes. */
  readonly publish: (data: D) => object;
  /** Data of one valid stored event; published, it must fit `schema`. */
  readonly example: D;
}

/** The key of the records of a category. */
export interface PublishedKey {
  /** One sentence for the reader of the AsyncAPI document. */
  readonly about: string;
  readonly of: (stream: string) => string;
}

/**
 * What a stream category tells others. Each of its stored types is decided on: a message, or
 * `'private'`. A type that stands in neither is unknown, and what is unknown is never passed over.
 */
export interface PublishedCategory<E extends DomainEvent = DomainEvent> {
  readonly types: EventTypes<E>;
  readonly messages: {
    readonly [T in E['type']]: PublishedMessage<Extract<E, { type: T }>['data']> | 'private';
  };
  /** What the facts of a stream are kept in order with, such as a device that has many streams: the stream itself where absent. */
  readonly key?: PublishedKey;
}

/** The facts that a context publishes, and where. */
export interface Contract {
  readonly context: string;
  /** `voltrace.<context>.v<n>`: permanent, as consumers and parked events name it. */
  readonly topic: string;
  /** Fixed for the life of the topic: another count would send a key's later facts elsewhere. */
  readonly partitions: number;
  readonly summary: string;
  readonly categories: readonly PublishedCategory[];
}

/** Forgets the event types of a category, so that categories of all kinds fit one list. */
export const publishes = <E extends DomainEvent>(
  category: PublishedCategory<E>,
): PublishedCategory => category;
