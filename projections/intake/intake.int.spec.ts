import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';

import type { StoredEvent } from '#event-log/event-log.js';
import { ProjectionDatabase } from '#subscription/projection/test/projection-database.js';
import { commandMeta } from '#testing/decider-spec.js';

import { intake, intakeSchema } from './intake.projection.js';

let database: ProjectionDatabase;
beforeAll(async () => {
  database = await ProjectionDatabase.of(intake);
});
afterAll(() => database.stop());
const tables = ['quarantined', 'occurrences', 'links', 'outcomes'];
beforeEach(() =>
  database.pool.query(`truncate ${tables.map((table) => `${intakeSchema}.${table}`).join(', ')}`),
);

const device = '4b0d3a52-7ad4-5c1b-9f1e-7f2b6a1e8c90';
const link = `deviceLink-${device}`;

/** Events as they lie in the log, seven seconds after each other. */
const logOf = (
  ...given: readonly (readonly [string, string, object, string?])[]
): StoredEvent[] => {
  const revisions = new Map<string, bigint>();
  return given.map(([stream, type, data, source = 'mqtt'], index) => {
    const revision = (revisions.get(stream) ?? -1n) + 1n;
    revisions.set(stream, revision);
    const at = new Date(Date.UTC(2026, 4, 4, 11) + index * 7_000);
    const position = BigInt(index * 10);
    const times = { recordedAt: at.toISOString(), occurredAt: at.toISOString() };
    return {
      ...{ id: randomUUID(), stream, type, revision, created: at, data: data as never },
      position: { commit: position, prepare: position },
      metadata: {
        ...{ $correlationId: 'c', $causationId: 'c', commandId: 'c', commandHash: 'h' },
        ...{ actor: commandMeta().actor, source: source as 'mqtt', reason: 'why', ...times },
      },
    };
  });
};

const rows = async (sql: string): Promise<Record<string, unknown>[]> =>
  (await database.pool.query<Record<string, unknown>>(sql)).rows;
const linkNow = async () => (await rows(`select * from ${intakeSchema}.links`))[0];
const dump = async (): Promise<unknown[]> => {
  const found = tables.map((table) =>
    rows(`select t::text from ${intakeSchema}.${table} t order by t::text collate "C"`),
  );
  return Promise.all(found);
};

const samples = (seqs: readonly number[], session = 's', blocks = 1) => ({
  ...{ device, from: '', to: '', count: 1, blocks: Array.from({ length: blocks }, () => ({})) },
  ...{ messages: seqs.map((seq) => ({ session, seq })), seen: {} },
});
const stream = `samples-${device}.20260504`;
const kept = (id: string) =>
  [
    `quarantine-${id}`,
    'MessageQuarantined',
    {
      ...{ device, way: 'http', topic: null, content: 'e30=', bytes: 2, sha256: 'h' },
      ...{ problems: [{ pointer: '/a', reason: 'is missing' }], samples: 1 },
    },
    'http',
  ] as const;
const counted = (minute: string, duplicates: number, reasons: Record<string, string>) =>
  [
    link,
    'IntakeCounted',
    { minute: `2026-05-04T${minute}:00.000Z`, duplicates, rejected: 1, reasons },
  ] as const;

const everything = logOf(
  [link, 'DeviceBorn', { session: 's', properties: { firmware: '1' } }],
  [stream, 'SamplesRecorded', samples([0, 1], 's', 2)],
  kept('q1'),
  kept('q2'),
  [link, 'MessagesMissed', { session: 's', from: 2, to: 4 }],
  [link, 'ResendRequested', { session: 's', from: 2, to: 4 }],
  [stream, 'SamplesRecorded', samples([5])],
  [link, 'MessagesRecovered', { session: 's', from: 3, to: 3 }],
  [stream, 'SamplesRecorded', samples([3])],
  [
    'quarantine-q1',
    'QuarantinedReplayFailed',
    { taken: 0, problems: [{ pointer: '', reason: 'x' }] },
  ],
  ['quarantine-q1', 'QuarantinedReplayed', { taken: 1 }],
  ['quarantine-q2', 'QuarantinedDiscarded', {}],
  [
    'occurrence-d.20260504',
    'OccurrenceRecorded',
    { device, kind: 'A', at: '2026-05-04T11:00:00.000Z', details: {} },
  ],
  counted('11:00', 2, { FOREIGN_TOPIC: '1' }),
  counted('11:01', 3, { FOREIGN_TOPIC: '2', RETAINED: '1' }),
  [
    `deviceConfiguration-${device}`,
    'ConfigurationReported',
    { version: 1, configuration: {}, hash: 'h' },
  ],
  [
    `deviceConfiguration-${device}`,
    'ConfigurationDesired',
    { version: 2, configuration: {}, hash: 'h' },
    'http',
  ],
  [stream, 'SamplesRecorded', samples([], 's', 1), 'http'],
  [link, 'DeviceStateReported', { state: 'offline' }],
);

it.each([1, 3, 1_000])('makes the same rows of batches of %i', async (size) => {
  await database.apply(everything);
  const whole = await dump();
  await database.pool.query(
    `truncate ${tables.map((table) => `${intakeSchema}.${table}`).join(', ')}`,
  );
  await database.apply(everything, size);
  expect(await dump()).toEqual(whole);
});

it('counts what came under the minute and the way that it came by, each thing once', async () => {
  await database.apply(everything);
  const found = await rows(
    `select way, to_char(minute at time zone 'UTC', 'HH24:MI') as minute, accepted::int, duplicates::int,
       quarantined::int, rejected::int, reasons from ${intakeSchema}.outcomes order by way, minute`,
  );
  const none = { accepted: 0, duplicates: 0, quarantined: 0, rejected: 0, reasons: {} };
  expect(found).toEqual([
    { ...none, way: 'http', minute: '11:00', quarantined: 2 },
    { ...none, way: 'http', minute: '11:01', accepted: 1 },
    {
      ...{ ...none, way: 'mqtt', minute: '11:00', accepted: 5, duplicates: 2, rejected: 1 },
      reasons: { FOREIGN_TOPIC: 1 },
    },
    {
      ...{ ...none, way: 'mqtt', minute: '11:01', accepted: 2, duplicates: 3, rejected: 1 },
      reasons: { FOREIGN_TOPIC: 2, RETAINED: 1 },
    },
    { ...none, way: 'mqtt', minute: '11:02', accepted: 1 },
  ]);
});

it('follows the state of messages in the quarantine', async () => {
  await database.apply(everything);
  const found = await rows(
    `select id, state, problems, failed_replays::int, settled_by, settled_reason, revision::int
       from ${intakeSchema}.quarantined order by id`,
  );
  const by = { settled_by: 'curator-1', settled_reason: 'why' };
  expect(found).toEqual([
    {
      ...{ id: 'q1', state: 'replayed', failed_replays: 1, revision: 2, ...by },
      problems: [{ pointer: '', reason: 'x' }],
    },
    {
      ...{ id: 'q2', state: 'discarded', failed_replays: 0, revision: 1, ...by },
      problems: [{ pointer: '/a', reason: 'is missing' }],
    },
  ]);
});

it('shows the newest message of the session, and what was missed and came', async () => {
  await database.apply(everything);
  expect(await linkNow()).toMatchObject({
    ...{ session: 's', state: 'offline', last_session: 's', last_seq: '5' },
    ...{ missed: '3', recovered: '1' },
    gaps: [{ from: 2, to: 4, recovered: 1, askedAt: '2026-05-04T11:00:35.000Z' }],
  });
});

it('keeps to the session that the device began last, and follows one that it did not name', async () => {
  const born = [link, 'DeviceBorn', { session: 't', properties: {} }] as const;
  const of = (session: string, seq: number) =>
    [stream, 'SamplesRecorded', samples([seq], session)] as const;
  await database.apply(logOf(of('s', 7), of('u', 1)));
  expect(await linkNow()).toMatchObject({ last_session: 'u', last_seq: '1' });
  await database.apply(logOf(born, of('t', 2), of('s', 8), of('t', 1)));
  expect(await linkNow()).toMatchObject({ session: 't', last_session: 't', last_seq: '2' });
});

it('shows a bounded number of gaps, and counts all', async () => {
  const gaps = Array.from(
    { length: 150 },
    (_, n) => [link, 'MessagesMissed', { session: 's', from: 3 * n, to: 3 * n + 1 }] as const,
  );
  await database.apply(logOf(...gaps), 40);
  const shown = await linkNow();
  expect(shown).toMatchObject({ missed: '300' });
  expect(shown?.['gaps']).toHaveLength(100);
});
