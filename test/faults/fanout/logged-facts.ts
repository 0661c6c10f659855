import { EsdbEventLog } from '#event-log/esdb.js';
import type { Position, StoredEvent } from '#event-log/event-log.js';
import { keyForfeited } from '#event-log/key/forfeited.js';

import { hashOf, type LoggedFact } from './compare.js';

/** What a topic is to hold, written down apart from the contracts, which are under test. */
export interface TopicOfLog {
  readonly topic: string;
  readonly context: string;
  /** Whose events are published. */
  readonly streams: RegExp;
  /** The key is its first group; the stream where there is none. */
  readonly key?: RegExp;
  /** Member of the data that is not published. */
  readonly without?: string;
}

export const registryTopic: TopicOfLog = {
  topic: 'voltrace.product-registry.v1',
  context: 'product-registry',
  streams: /^(product|manufacturer)-/,
};

export const telemetryTopic: TopicOfLog = {
  topic: 'voltrace.telemetry.v1',
  context: 'telemetry',
  streams: /^(site|device|series|occurrence|formula)-/,
};

export const samplesTopic: TopicOfLog = {
  topic: 'voltrace.telemetry.samples.v1',
  context: 'telemetry',
  streams: /^samples-/,
  key: /^samples-(.+)\.\d{8}$/,
  without: 'seen',
};

/** What the topic is to hold according to the log, read from its beginning to its end. */
export const loggedFacts = async (
  eventStoreUrl: string,
  topic: TopicOfLog = registryTopic,
): Promise<readonly LoggedFact[]> => {
  const log = EsdbEventLog.connect(eventStoreUrl);
  try {
    const facts: LoggedFact[] = [];
    let after: Position | undefined;
    for (;;) {
      const page = await log.readAll({ limit: 1_000, ...(after && { after }) });
      for (const event of page.events) {
        // Says something about a claim, nothing about whom the stream is of.
        if (!topic.streams.test(event.stream) || event.type === keyForfeited) continue;
        facts.push(factOf(event, topic));
      }
      after = page.next ?? after;
      if (page.atEnd) return facts;
    }
  } finally {
    await log.close();
  }
};

const factOf = (
  { id, stream, revision, type, position, data }: StoredEvent,
  { context, key, without }: TopicOfLog,
): LoggedFact => {
  const published = Object.entries(data).filter(([member]) => member !== without);
  const maker = type === 'ProductRegistered' && { manufacturerId: String(data['manufacturerId']) };
  return {
    stream,
    key: key?.exec(stream)?.[1] ?? stream,
    revision: Number(revision),
    type,
    name: `voltrace.${context}.${type}.v1`,
    position: position.commit,
    id,
    hash: hashOf(Object.fromEntries(published)),
    ...maker,
  };
};
