import type { Position, StoredEvent } from '#event-log/event-log.js';
import { mayPass } from '#event-log/key/retry-forfeited.js';
import type { Contract } from '#kernel/contract.js';
import { SubscriptionRefused } from '#subscription/claim.js';
import { type Follower, isTransient, type SubscriptionClient } from '#subscription/follower.js';
import type { Partition, Scope, StoredRecord } from '#subscription/source.js';

import { toFact } from './cloud-event.js';
import type { Consumer } from './consumer.js';
import { type Fact, Publication } from './fact.js';
import { fromStored, type StoredHeaders } from './stored-record.js';

/** Where nothing has to be handled, the checkpoint is moved this seldom. */
const lazyMs = 1_000;

/** A consumer as the engine follows it: each topic is a scope, whichever source delivers it. */
export class ConsumerFollower implements Follower<Fact> {
  readonly kind = 'consumer';
  readonly version = 0;
  readonly lazyMs = lazyMs;
  readonly name: string;
  readonly cure: string;
  /** By topic: what the contract of another one does not know yet holds up nothing here. */
  private readonly publications = new Map<string, Publication>();

  constructor(
    private readonly consumer: Consumer,
    contracts: readonly Contract[],
  ) {
    const { name, topics } = consumer;
    this.name = name;
    this.cure = `run "voltrace subscriptions reset ${name} --to start"`;
    for (const topic of topics) {
      const own = contracts.filter((contract) => contract.topic === topic);
      if (own.length > 0) this.publications.set(topic, new Publication(own));
    }
  }

  /** Rejects with `SubscriptionRefused` where a topic is named that nobody publishes. */
  scopes(): Promise<readonly Scope[]> {
    const { name, topics } = this.consumer;
    const unknown = topics.find((topic) => !this.publications.has(topic));
    if (unknown !== undefined) {
      const message = `consumer ${name} names ${unknown}, which nobody publishes`;
      return Promise.reject(new SubscriptionRefused(message));
    }
    if (topics.length === 0) {
      return Promise.reject(new SubscriptionRefused(`consumer ${name} names no topic`));
    }
    return Promise.resolve(topics.map((topic) => ({ name: topic, state: 'running' })));
  }

  read(event: StoredEvent, scope: string): Fact | undefined {
    return this.publications.get(scope)?.of(event)?.fact;
  }

  decode({ key, value, headers }: StoredRecord): Fact {
    return toFact(fromStored({ key, value, headers: headers as StoredHeaders }));
  }

  /** Also what a command of the consumer's is refused with while the event store is away, slow or full. */
  isTransient(error: unknown): boolean {
    return isTransient(error) || mayPass(error);
  }

  async forget(after: Position | undefined, client: SubscriptionClient): Promise<void> {
    await this.consumer.forget?.(after, client);
  }

  handle(
    facts: readonly Fact[],
    client: SubscriptionClient,
    { scope: topic, partition }: Partition,
  ): Promise<void> {
    return this.consumer.handle({ topic, partition, facts }, client);
  }
}
