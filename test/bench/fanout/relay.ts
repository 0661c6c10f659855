import { join } from 'node:path';

import type { Kafka } from 'kafkajs';

import { contracts } from '#apps/contracts.js';
import type { EsdbEventLog } from '#event-log/esdb.js';
import type { Position } from '#event-log/event-log.js';
import { LogTail } from '#event-log/log-tail.js';
import { toRecord } from '#fanout/cloud-event.js';
import { Partitioner } from '#fanout/cluster/partitioner.js';
import { Publication } from '#fanout/fact.js';
import { type KafkaSettings, named } from '#fanout/kafka.js';
import { BatchThread } from '#fanout/relay/batch-thread.js';
import { Relay } from '#fanout/relay/relay.js';
import { RelayStatus } from '#fanout/relay/status.js';
import { Lease } from '#read-store/lease.js';
import { makeTopic } from '#testing/kafka/topics.js';

import { rate, type Row } from '../report.js';
import { benchLogger as logger } from '../stores.js';
import type { BenchStores, Record_ } from './stores.js';

const batchSize = 1_000;
const [contract] = contracts;
if (!contract) throw new Error('nothing is published');
const { topic } = contract;

/** Everything that the log publishes, as the relay would write it. In memory: reading is not the peer's part. */
export const recordsOf = async (log: EsdbEventLog): Promise<readonly Record_[]> => {
  const publication = new Publication(contracts);
  const partitioner = new Partitioner();
  const records: Record_[] = [];
  let after: Position | undefined;
  for (;;) {
    const page = await log.readAll({ limit: 1_000, ...(after && { after }) });
    for (const event of page.events) {
      const published = publication.of(event);
      if (!published) continue;
      const partition = partitioner.partitionOf(published.contract, published.fact.key);
      const { key, value, headers } = toRecord(published.fact);
      records.push({ key, value, headers: { ...headers }, partition });
    }
    after = page.next ?? after;
    if (page.atEnd) return records;
  }
};

/** The relay from an empty topic to the end of the log; events/s from its first transaction to its last. */
export const relayRate = async (
  dist: string,
  { settings, databaseUrl, eventStoreUrl, log }: BenchStores,
  facts: number,
): Promise<number> => {
  const stopping = new AbortController();
  const tail = new LogTail(log);
  await tail.start();
  const lease = new Lease(databaseUrl, logger, 'relay');
  const status = new RelayStatus();
  const thread = new BatchThread(join(dist, 'apps/relay/batch-thread.js'), { eventStoreUrl });
  const times: number[] = [];
  let first = 0;
  const relay = new Relay({
    settings: {
      ...settings,
      KAFKA_RETENTION_MS: -1,
      KAFKA_REPLICATION_FACTOR: -1,
      KAFKA_MIN_INSYNC_REPLICAS: -1,
    },
    ...{ contracts, log, tail, lease, logger, status },
    batches: (position) => thread.source(position),
    onTransaction: (outcome, records) => {
      if (outcome !== 'committed' || records === 0) return;
      if (times.length === 0) first = records;
      times.push(performance.now());
      if (status.published + records >= facts) stopping.abort();
    },
  });
  await relay.run(stopping.signal);
  await Promise.all([tail.stop(), lease.close(), thread.stop()]);
  const [began = 0, ended = 0] = [times[0], times.at(-1)];
  return (facts - first) / ((ended - began) / 1_000);
};

/** The peer: a bare transactional producer of kafkajs, with the same records, batches and settings. */
export const producerRate = async (
  kafka: Kafka,
  settings: KafkaSettings,
  records: readonly Record_[],
): Promise<number> => {
  const bare = named(settings, `${topic}.bare`);
  const admin = kafka.admin();
  await admin.connect();
  await makeTopic(admin, { topic: bare, numPartitions: contract.partitions });
  await admin.disconnect();
  const producer = kafka.producer({
    transactionalId: named(settings, 'bench.bare'),
    createPartitioner:
      () =>
      ({ message }) =>
        message.partition ?? 0,
    retry: { initialRetryTime: 10, multiplier: 1.5, factor: 0.2, maxRetryTime: 200, retries: 12 },
  });
  await producer.connect();
  let began = 0;
  for (let start = 0; start < records.length; start += batchSize) {
    const transaction = await producer.transaction();
    const messages = records.slice(start, start + batchSize);
    await transaction.sendBatch({ topicMessages: [{ topic: bare, messages }], acks: -1 });
    await transaction.commit();
    // As with the relay, the first transaction sets everything up.
    if (start === 0) began = performance.now();
  }
  const measured = rate(records.length - batchSize, began);
  await producer.disconnect();
  return measured;
};

/** The relay row. */
export const relayRow = (relay: number, bare: number, facts: number): Row => ({
  path: `relay, ${facts.toLocaleString('en')} facts`,
  measured: `${relay.toFixed(0)} facts/s`,
  peer: `${bare.toFixed(0)} records/s by a bare transactional producer`,
  ratio: relay / bare,
  target: '>= 0.7',
  met: relay / bare >= 0.7,
});
