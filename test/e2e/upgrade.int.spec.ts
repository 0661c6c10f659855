import { basename } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { EsdbEventLog } from '#event-log/esdb.js';
import type { Position, StoredEvent } from '#event-log/event-log.js';
import { LogTail } from '#event-log/log-tail.js';
import { toRecord } from '#fanout/cloud-event.js';
import type { Consumer } from '#fanout/consumer.js';
import { ConsumerFollower } from '#fanout/consumer-follower.js';
import { type Fact, Publication } from '#fanout/fact.js';
import { productRegistryContract } from '#product-registry/context.js';
import { appendAll, Story } from '#projections/product-catalog/story.fixture.js';
import { migrate } from '#read-store/migrate.js';
import { migrationFiles } from '#read-store/migration-files.js';
import { ReadStore } from '#read-store/read-store.js';
import { RebuildProjection } from '#subscription/control/commands.js';
import { logSource } from '#subscription/log-source.js';
import { listParked } from '#subscription/parked-list.js';
import type { Projection } from '#subscription/projection/projection.js';
import { hashOf } from '#subscription/projection/projection-hash.js';
import { projectionStatus } from '#subscription/projection/projection-status.js';
import { ProjectionRunner } from '#subscription/projection/run-projections.js';
import { tally } from '#subscription/projection/test/tally.js';
import { waitForPosition } from '#subscription/projection/wait-for-position.js';
import { SubscriptionRunner } from '#subscription/runner.js';
import { Operator, operatorMeta } from '#subscription/test/ask.js';
import { type TestDatabase, testDatabase } from '#testing/embedded.js';
import { newEvent } from '#testing/new-event.js';
import { quiet } from '#testing/quiet.js';
import { startTestNode, type TestNode } from '#testing/test-node.js';
import { until } from '#testing/until.js';

const topic = productRegistryContract.topic;
const id = (n: number): string => `00000000-0000-4000-8000-00000000000${String(n)}`;

/** The tables as the version before the engine made and filled them. */
describe('an installation of the version that kept projections and consumers apart', () => {
  let node: TestNode;
  let database: TestDatabase;
  let log: EsdbEventLog;
  let tail: LogTail;
  let store: ReadStore;
  let facts: readonly Fact[];
  let handled: Fact[];
  let projection: Projection;
  const stops: (() => Promise<void>)[] = [];

  const sql = (statement: string, values: unknown[] = []) => store.pool.query(statement, values);

  /** Two events of the projection, the first of which it applied; the second is parked. */
  const oldProjection = async (applied: StoredEvent, parked: StoredEvent): Promise<void> => {
    await sql(`create schema tally_v1; set search_path to tally_v1; ${projection.tables}`);
    await sql("insert into tally_v1.total values ('tally-a', 1)");
    await sql("insert into read_store.projection (name, last_build) values ('tally', 3)");
    await sql(
      `insert into read_store.build (projection, build, version, hash, status, active, events, parked,
         commit_position, prepare_position, anchor_commit, anchor_prepare, anchor_id)
       values ('tally', 3, 1, $1, 'live', true, 2, 1, $2, $2, $2, $2, $3)`,
      ['of comments, too', parked.position.commit.toString(), parked.id],
    );
    await sql(
      `insert into read_store.parked (projection, build, event_id, stream, revision, type,
         commit_position, prepare_position, attempts, error)
       values ('tally', 3, $1, $2, $3, 'Counted', $4, $4, 5, 'broken')`,
      [parked.id, parked.stream, parked.revision.toString(), parked.position.commit.toString()],
    );
    await sql(
      "insert into read_store.discarded (projection, event_id, reason, discarded_by) values ('tally', $1, 'junk', 'operator')",
      [id(1)],
    );
    await sql(
      "insert into read_store.attempt (projection, build, event_id, attempts) values ('tally', 3, $1, 2)",
      [applied.id],
    );
  };

  /** A consumer on the log that took all facts but the last two, the first of which is a dead letter. */
  const oldConsumer = async (through: Position, dead: Fact): Promise<void> => {
    await sql(
      "insert into fanout.consumer (name, transport, state, control_revision) values ('auditor', 'log', 'running', 4)",
    );
    await sql(
      `insert into fanout.consumer_offset (consumer, topic, partition, transport, next_offset,
         commit_position, prepare_position, done, dead)
       values ('auditor', $1, 0, 'log', $2, $2, $2, 3, 1)`,
      [topic, through.commit.toString()],
    );
    const { key, value, headers } = toRecord(dead);
    await sql(
      `insert into fanout.dead_letter (consumer, topic, partition, record_offset, fact_id, key, type,
         revision, commit_position, prepare_position, headers, value, attempts, error)
       values ('auditor', $1, 0, $2, $3, $4, $5, $6, $2, $2, $7, $8, 5, 'broken')`,
      [
        topic,
        dead.position.commit.toString(),
        dead.id,
        key,
        dead.type,
        dead.revision.toString(),
        JSON.stringify(headers),
        value,
      ],
    );
  };

  beforeAll(async () => {
    const hash = await hashOf(tally());
    projection = { ...tally(), sameRows: { hash, as: ['of comments, too'] } };
    node = await startTestNode();
    log = EsdbEventLog.connect(node.url);
    tail = new LogTail(log);
    await tail.start();
    const story = new Story().maker('One');
    for (const name of ['A', 'B', 'C', 'D']) story.battery(name, 'One', null);
    await appendAll(log, story.events);
    await log.append('tally-a', [newEvent('Counted', { value: 1 })], 'no_stream');
    await log.append('tally-b', [newEvent('Counted', { value: 1 })], 'no_stream');

    database = await testDatabase();
    const earlier = (await migrationFiles()).filter((file) => basename(file) < '000093');
    await migrate(database.url, { files: earlier });
    store = new ReadStore(database.url);

    const { events } = await log.readAll({ limit: 1_000 });
    const publication = new Publication([productRegistryContract]);
    facts = events.flatMap((event) => publication.of(event)?.fact ?? []);
    const [applied, parked] = events.filter(({ stream }) => stream.startsWith('tally-'));
    const [dead] = facts;
    const through = facts.at(-3)?.position;
    if (!applied || !parked || !dead || !through) throw new Error('too few events');
    await oldProjection(applied, parked);
    await oldConsumer(through, dead);
    await sql(`update assign_codes.checkpoint set commit_position = $1, prepare_position = $1`, [
      through.commit.toString(),
    ]);
    await migrate(database.url);
  });

  afterAll(async () => {
    for (const stop of stops) await stop();
    await tail.stop();
    await store.close();
    await log.close();
    await node.stop();
    await database.drop();
  });

  it('keeps what was parked, given up and tried', async () => {
    const parked = await listParked(store, { limit: 10 });
    expect(parked.map(({ subscription, scope, stream }) => [subscription, scope, stream])).toEqual([
      ['tally', 'build-3', 'tally-b'],
      ['auditor', topic, facts[0]?.stream],
    ]);
    const { rows } = await sql('select event_id, reason from subscription.discarded');
    expect(rows).toEqual([{ event_id: id(1), reason: 'junk' }]);
    const attempts = await sql('select subscription, scope, attempts from subscription.attempt');
    expect(attempts.rows).toEqual([{ subscription: 'tally', scope: 'build-3', attempts: 2 }]);
    const kinds = await sql('select name, kind, version from subscription.subscription order by 1');
    expect(kinds.rows).toEqual([
      { name: 'assign-codes', kind: 'process', version: 0 },
      { name: 'auditor', kind: 'consumer', version: 0 },
      { name: 'tally', kind: 'projection', version: 1 },
    ]);
  });

  it('goes on with its consumers: nothing is delivered twice, and a dead letter is handled on request', async () => {
    handled = [];
    const consumer: Consumer = {
      name: 'auditor',
      topics: [topic],
      handle: ({ facts: batch }) => {
        handled.push(...batch);
        return Promise.resolve();
      },
    };
    const follower = new ConsumerFollower(consumer, [productRegistryContract]);
    const runner = new SubscriptionRunner(follower, logSource<Fact>(log, tail), {
      ...{ store, log, tail, logger: quiet },
    });
    stops.push(() => runner.stop());
    await runner.start();
    const last = facts.slice(-2).map((fact) => fact.id);
    await until('what was left is handled', () => handled.length >= 2);
    expect(handled.map((fact) => fact.id)).toEqual(last);
    expect(await new Operator(store, log).retry(undefined, 'auditor')).toBe('1 handled');
    expect(handled.map((fact) => fact.id)).toEqual([...last, facts[0]?.id]);
  });

  it('goes on with its read models, is rebuilt beside them, and switches', async () => {
    const runner = new ProjectionRunner([projection], {
      ...{ store, log, tail, pollMs: 100, logger: quiet },
    });
    stops.push(() => runner.stop());
    await runner.start();
    const { position } = await log.append(
      'tally-c',
      [newEvent('Counted', { value: 1 })],
      'no_stream',
    );
    await waitForPosition(store, projection, position, { timeoutMs: 20_000 });
    const sums = async () =>
      (await sql('select stream, sum::int from tally_v1.total order by stream')).rows as {
        stream: string;
      }[];
    expect(await sums()).toEqual([
      { stream: 'tally-a', sum: 1 },
      { stream: 'tally-c', sum: 1 },
    ]);
    const [parked] = await listParked(store, { subscription: 'tally', limit: 1 });
    expect(await new Operator(store, log).retry(parked?.id)).toBe('1 handled');
    await new Operator(store, log).done(
      'tally',
      new RebuildProjection({ version: 1 }, operatorMeta()),
      1,
    );
    await until('it is switched to', async () => {
      const status = (await projectionStatus(store, [projection])).find(
        ({ name }) => name === 'tally',
      );
      return status?.activeBuild === 4;
    });
    expect((await sums()).map(({ stream }) => stream)).toEqual(['tally-a', 'tally-b', 'tally-c']);
  });
});
