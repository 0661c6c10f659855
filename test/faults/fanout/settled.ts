import { setTimeout as sleep } from 'node:timers/promises';

import pg from 'pg';

import type { ApiClient } from '#test/support/client.js';
import { type ReadRecord, readTopicIndependently } from '#testing/kafka/read-independently.js';

import { type Activity, activityFaults, hashOf, topicFaults, type TopicRecord } from './compare.js';
import { facts } from './disturb.js';
import { loggedFacts } from './logged-facts.js';

const patienceMs = 180_000;
/** What would still be doubled comes soon after. */
const restMs = 2_000;

export interface FanoutUnderTest {
  readonly api: ApiClient;
  readonly brokers: string;
  readonly databaseUrl: string;
  readonly eventStoreUrl: string;
}

/** Where no brokers are named, there is no topic: the consumer reads the log. */
type WithoutTopics = Omit<FanoutUnderTest, 'brokers'> & { readonly brokers?: string | undefined };

/**
 * Waits until the consumer counted what the log holds, then compares the topic, read by Kafka's own
 * console consumer, and the consumer's tables with the log. Returns what is wrong.
 */
export const fanoutFaults = async ({
  api,
  brokers,
  databaseUrl,
  eventStoreUrl,
}: WithoutTopics): Promise<readonly string[]> => {
  const log = await loggedFacts(eventStoreUrl);
  if (log.length === 0) return ['nothing was published: the round proves nothing'];
  await untilCounted(api, log.length);
  return [
    ...(brokers === undefined ? [] : topicFaults(await recordsOf(brokers, log.length), log)),
    ...activityFaults(await activity(api), log),
    ...(await leftOver(databaseUrl)),
  ];
};

const recordsOf = async (brokers: string, atLeast: number): Promise<readonly TopicRecord[]> => {
  const records: TopicRecord[] = [];
  await readTopicIndependently({
    ...{ brokers, topic: facts, atLeast },
    onRecord: (record) => records.push(asTopicRecord(record)),
  });
  return records;
};

const untilCounted = async (api: ApiClient, facts: number): Promise<void> => {
  const until = Date.now() + patienceMs;
  for (;;) {
    const counted = (await activity(api)).reduce((sum, { count }) => sum + count, 0);
    if (counted >= facts) break;
    // The comparison says what is missing.
    if (Date.now() > until) break;
    await sleep(500);
  }
  await sleep(restMs);
};

/** A row of the answer, as far as it is compared. */
interface ActivityItem {
  readonly manufacturer: { readonly id: string };
  readonly kind: string;
  readonly changes: number;
}

const activity = async (api: ApiClient): Promise<readonly Activity[]> => {
  const rows: Activity[] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const next = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const reply = await api.persist(`/v1/analytics/registry-activity?limit=1000${next}`);
    if (reply.status !== 200) throw new Error(`activity answered ${reply.status}: ${reply.text}`);
    const items = reply.body['items'] as ActivityItem[];
    rows.push(
      ...items.map(({ manufacturer, kind, changes }) => ({
        manufacturerId: manufacturer.id,
        kind,
        count: changes,
      })),
    );
    cursor = reply.body['nextCursor'] as string | null;
  }
  return rows;
};

/** A record as a reader sees it who knows our headers only. */
export const asTopicRecord = ({
  key,
  partition,
  offset,
  headers,
  value,
}: ReadRecord): TopicRecord => ({
  hash: hashOf(JSON.parse(value ?? 'null')),
  key: key ?? '',
  stream: headers.get('ce_source') ?? '',
  partition,
  offset,
  id: headers.get('ce_id') ?? '',
  type: headers.get('ce_type') ?? '',
  revision: Number(headers.get('voltrace_revision')),
  position: BigInt(headers.get('voltrace_position') ?? '-1'),
});

/** A healthy fan-out gives nothing up, whatever was killed: nothing but facts that fail may be left over. */
const leftOver = async (databaseUrl: string): Promise<readonly string[]> => {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ error: string | null; key: string }>(
      'select key, error from subscription.parked order by id limit 20',
    );
    return rows.map(({ key, error }) => `parked event of ${key}: ${error ?? 'waits'}`);
  } finally {
    await client.end();
  }
};
