import { UnknownEventType } from '#event-log/codec.js';
import type { Position, StoredEvent } from '#event-log/event-log.js';
import { newest } from '#event-log/reading.js';
import { categoryOf } from '#event-log/stream-name.js';
import type { Contract, PublishedCategory, PublishedMessage } from '#kernel/contract.js';

/** A published event as a consumer meets it, whichever transport brought it. */
export interface Fact {
  /** Of the stored event: a UUID, the same in every delivery. */
  readonly id: string;
  /** Public, versioned name; see the context's `contract.ts`. */
  readonly type: string;
  /** The stream that it is of, such as `product-<uuid>`. Facts of one stream arrive in its order. */
  readonly stream: string;
  /** Facts of one key arrive in the order of the log: mostly the stream, else what its category says. */
  readonly key: string;
  readonly revision: bigint;
  readonly position: Position;
  /** When it happened, as the actor or device says: ISO 8601 UTC. */
  readonly occurredAt: string;
  /** When the log took it: ISO 8601 UTC. */
  readonly recordedAt: string;
  readonly correlationId: string;
  readonly causationId: string;
  readonly traceparent?: string;
  /** As the contract's schema of `type` says. */
  readonly data: Readonly<Record<string, unknown>>;
}

/** Where a fact goes: the topic of its context. */
export interface Published {
  readonly contract: Contract;
  readonly fact: Fact;
}

/** What is published of stored events. */
export class Publication {
  private readonly categories = new Map<string, { contract: Contract; of: PublishedCategory }>();

  /** Throws where two contracts claim one category. */
  constructor(readonly contracts: readonly Contract[]) {
    for (const contract of contracts) {
      for (const of of contract.categories) {
        const { category } = of.types;
        if (this.categories.has(category)) {
          throw new Error(`the category ${category} is published by two contracts`);
        }
        this.categories.set(category, { contract, of });
      }
    }
  }

  /** Null for what is not published. Throws `UnknownEventType`. */
  of(stored: StoredEvent): Published | null {
    const known = this.categories.get(categoryOf(stored.stream));
    const event = known ? newest(known.of.types, stored) : null;
    if (!known || !event) return null;
    const message = known.of.messages[event.type];
    if (!message) throw new UnknownEventType(stored);
    if (message === 'private') return null;
    return { contract: known.contract, fact: factOf(stored, known.of, message, event.data) };
  }

  /**
   * Whether the event is a fact, of one of `topics` where these are given. One that this version does
   * not know counts as one: it may well be.
   */
  mayHold(stored: StoredEvent, topics?: readonly string[]): boolean {
    try {
      const published = this.of(stored);
      return published !== null && (topics?.includes(published.contract.topic) ?? true);
    } catch (error) {
      if (error instanceof UnknownEventType) return true;
      throw error;
    }
  }
}

const factOf = (
  stored: StoredEvent,
  { key }: PublishedCategory,
  message: PublishedMessage,
  data: object,
): Fact => {
  const { metadata } = stored;
  return {
    id: stored.id,
    type: message.name,
    stream: stored.stream,
    key: key?.of(stored.stream) ?? stored.stream,
    revision: stored.revision,
    position: stored.position,
    occurredAt: metadata.occurredAt,
    // The log's own time: what the writer stored was taken before the event was in the log.
    recordedAt: stored.created.toISOString(),
    correlationId: metadata.$correlationId,
    causationId: metadata.$causationId,
    ...(metadata.traceparent !== undefined && { traceparent: metadata.traceparent }),
    data: message.publish(data) as Fact['data'],
  };
};
