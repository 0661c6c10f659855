import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { type Answer, TestApi } from '#apps/api/api.fixture.js';
import { BrokerFixture, envelope } from '#apps/mqtt-broker/broker.fixture.js';
import { downTopic, type UpKind, upTopic } from '#device-link/topics.js';
import { pause } from '#event-log/pause.js';
import { eventually } from '#testing/until.js';

import { devices } from '../devices/devices.projection.js';
import { eventClock } from '../event-clock/event-clock.projection.js';
import { samples } from '../samples/samples.projection.js';
import { intake } from './intake.projection.js';

import 'reflect-metadata';

let api: TestApi;
let broker: BrokerFixture;
beforeAll(async () => {
  api = await TestApi.start();
  broker = await BrokerFixture.onNodeOf(api);
  await api.project(intake, samples, devices, eventClock);
}, 60_000);
afterAll(async () => {
  await broker.stop();
  await api.stop();
});

type Item = Readonly<Record<string, unknown>>;

const get = async (path: string): Promise<Item> => (await api.ask(`/v1${path}`)).body;
const list = async (path: string): Promise<Item[]> => (await get(path))['items'] as Item[];
const post = (path: string, json: object, headers: Record<string, string> = {}): Promise<Answer> =>
  api.ask(`/v1${path}`, { json, headers });
const outcomeOf = ({ status, headers, body }: Answer) => [
  ...[status, headers.get('command-outcome') ?? body['code']],
];

/** A device that is connected, and what sends its messages in turn. */
const connected = async () => {
  const device = await broker.newDevice();
  const client = await broker.connect(device);
  let seq = 0;
  const raw = (kind: UpKind, payload: string, retain = false) =>
    client.publishAsync(upTopic(device, kind), payload, { qos: 1, retain });
  const send = (kind: UpKind, body: object, number = (seq += 1)) =>
    raw(kind, envelope(device, number, body), kind === 'birth');
  return { device, client, raw, send };
};

const samplesAt = (t: string, value: unknown = 1) => ({
  t: [t],
  series: { v: { unit: 'kW', values: [value] } },
});
/** What waits of a device, the newest first, once there are so many. */
const waiting = async (device: string, count: number): Promise<Item[]> => {
  let items: Item[] = [];
  await eventually(async () => {
    items = await list(`/quarantine?deviceId=${device}`);
    expect(items).toHaveLength(count);
  });
  return items;
};

describe('the quarantine', () => {
  it('shows what could not be taken, with its bytes, by device, reason and state', async () => {
    const { device, raw, send } = await connected();
    await raw('samples', '{"v":1,');
    await raw('samples', Buffer.from([0xff, 0x41]).toString('latin1'));
    await send('samples', samplesAt('2099-01-01T00:00:00Z', 21));
    await send('steps', {});
    const [steps, future] = await waiting(device, 4);
    expect(steps).toMatchObject({
      ...{ deviceId: device, way: 'mqtt', state: 'waiting', topic: upTopic(device, 'steps') },
      problems: [{ reason: 'expected another topic: nothing takes steps yet' }],
    });
    expect(future).toMatchObject({ topic: null, samples: 1 });
    expect(future).not.toHaveProperty('content');
    const of = (query: string) => list(`/quarantine?deviceId=${device}&${query}`);
    expect(await of('reason=Ahead of the Server')).toEqual([future]);
    expect(await of('state=replayed')).toEqual([]);
    const shown = await get(`/quarantine/${String(future?.['id'])}`);
    expect(JSON.parse(String(shown['text']))).toEqual([
      { t: ['2099-01-01T00:00:00Z'], series: { v: { unit: 'kW', values: [21] } } },
    ]);
    expect(Buffer.from(String(shown['content']), 'base64').toString()).toBe(shown['text']);
    const first = await get(`/quarantine?deviceId=${device}&limit=3`);
    const rest = await of(`limit=3&cursor=${String(first['nextCursor'])}`);
    expect(rest).toMatchObject([{ problems: [{ reason: expect.stringContaining('JSON') }] }]);

    const { key } = await api.newKey('viewer');
    expect((await api.ask('/v1/quarantine', { key })).status).toBe(403);
    const json = {};
    const mayNot = await api.ask(`/v1/quarantine/${randomUUID()}/replay`, { key, json });
    expect(mayNot.status).toBe(403);
  });

  it('lets a message be taken again when it is right by now, and once', async () => {
    const { device, send } = await connected();
    const soon = new Date(Date.now() + 86_400_000 + 4_000).toISOString();
    await send('occurrences', { kind: 'TRIP', at: soon });
    await send('samples', samplesAt(soon));
    const [kept, occurrence] = await waiting(device, 2);
    const path = `/quarantine/${String(kept?.['id'])}`;
    const early = await post(`${path}/replay`, {}, { 'idempotency-key': 'early' });
    expect(outcomeOf(early)).toEqual([200, 'unchanged']);
    expect(early.body).toMatchObject({
      state: 'waiting',
      problems: [{ pointer: '/0/series/v/values/0', reason: expect.stringContaining('ahead') }],
    });
    await pause(4_500);
    const headers = { 'idempotency-key': 'in-time' };
    const replayed = await post(`${path}/replay`, { reason: 'its clock was ahead' }, headers);
    expect(outcomeOf(replayed)).toEqual([200, 'accepted']);
    expect(replayed.body).toMatchObject({ state: 'replayed', problems: [] });
    const again = await post(`${path}/replay`, { reason: 'its clock was ahead' }, headers);
    expect(outcomeOf(again)).toEqual([200, 'repeated']);
    expect(outcomeOf(await post(`${path}/replay`, {}))).toEqual([200, 'unchanged']);
    expect(outcomeOf(await post(`${path}/discard`, { reason: 'x' }))).toEqual([
      ...[409, 'QUARANTINED_SETTLED'],
    ]);
    const after = `?after=${String(replayed.body['position'])}`;
    expect(await get(`${path}${after}`)).toMatchObject({
      ...{ state: 'replayed', settledReason: 'its clock was ahead', revision: 1 },
    });
    expect((await get(`${path}/history`))['items']).toMatchObject([
      { event: 'MessageQuarantined' },
      { event: 'QuarantinedReplayed', reason: 'its clock was ahead' },
    ]);
    const [latest] = (await get(`/devices/${device}/latest${after}`))['items'] as Item[];
    expect(latest).toMatchObject({ series: 'v', at: soon, value: 1 });

    const happened = await post(`/quarantine/${String(occurrence?.['id'])}/replay`, {});
    expect(happened.body).toMatchObject({ state: 'replayed', problems: [] });
    const since = `?after=${String(happened.body['position'])}`;
    expect(await list(`/devices/${device}/occurrences${since}`)).toMatchObject([
      { kind: 'TRIP', at: soon },
    ]);
  });

  it('does not take again what is not whole, or is about the moment in which it came', async () => {
    const { device, raw, send } = await connected();
    await raw('samples', '['.repeat(70_000));
    await send('acks', { type: 'configuration', status: 'refused', version: 7, reason: 'x' });
    await send('steps', {});
    const reasons: unknown[] = [];
    for (const { id } of (await waiting(device, 3)).reverse()) {
      const { body } = await post(`/quarantine/${String(id)}/replay`, {});
      expect(body).toMatchObject({ state: 'waiting' });
      reasons.push((body['problems'] as { reason: string }[])[0]?.reason);
    }
    expect(reasons).toEqual([
      'expected a whole message: 65536 of 70000 bytes are kept',
      expect.stringContaining('about the moment in which it came'),
      'expected another topic: nothing takes steps yet',
    ]);
  });

  it('keeps what is wrong still with the new reason, until it is discarded', async () => {
    const { device, send } = await connected();
    await send('samples', samplesAt('1970-01-01T00:00:00Z'));
    await post('/sites', { name: device, timeZone: 'UTC' });
    const [kept] = await waiting(device, 1);
    const path = `/quarantine/${String(kept?.['id'])}`;
    // Meanwhile the series is known as one of another unit.
    await send('samples', {
      t: ['2026-05-04T11:00:00Z'],
      series: { v: { unit: 'W', values: [1] } },
    });
    const failed = await post(`${path}/replay`, {});
    expect(outcomeOf(failed)).toEqual([200, 'accepted']);
    const problems = [{ pointer: '/0/series/v/values/0', reason: expect.stringContaining('in W') }];
    expect(failed.body).toMatchObject({ state: 'waiting', problems });
    const after = `?after=${String(failed.body['position'])}`;
    expect(await get(`${path}${after}`)).toMatchObject({ problems, failedReplays: 1 });
    expect(outcomeOf(await post(`${path}/replay`, {}))).toEqual([200, 'unchanged']);
    expect((await post(`${path}/discard`, {})).status).toBe(400);
    const discarded = await post(`${path}/discard`, { reason: 'of a test' });
    expect(outcomeOf(discarded)).toEqual([200, 'accepted']);
    expect(outcomeOf(await post(`${path}/replay`, {}))).toEqual([409, 'QUARANTINED_SETTLED']);
    const unknown = await post(`/quarantine/${randomUUID()}/replay`, {});
    expect(outcomeOf(unknown)).toEqual([404, 'QUARANTINED_UNKNOWN']);
    expect(outcomeOf(await post('/quarantine/x/discard', { reason: 'x' }))).toEqual([
      ...[404, 'QUARANTINED_UNKNOWN'],
    ]);
  });
});

describe('the link of a device', () => {
  it('shows its session, its newest message, and what was missed, asked for and came', async () => {
    const { device, client, raw, send } = await connected();
    expect((await api.ask(`/v1/devices/${device}/link`)).status).toBe(404);
    await client.subscribeAsync(downTopic(device, 'instructions'), { qos: 1 });
    await send('birth', { firmware: '1.4.2' }, 0);
    for (const seq of [1, 5, 3]) {
      await send('samples', samplesAt(`2026-05-04T11:00:0${String(seq)}Z`), seq);
    }
    await raw('state', 'offline', true);
    await eventually(async () => {
      expect(await get(`/devices/${device}/link`)).toMatchObject({
        ...{ deviceId: device, session: 's1', properties: { firmware: '1.4.2' } },
        ...{
          connection: 'offline',
          lastMessage: { session: 's1', seq: 5 },
          missed: 3,
          recovered: 1,
        },
        gaps: [
          {
            ...{ session: 's1', from: 2, to: 4, recovered: 1 },
            ...{ askedAt: expect.any(String), recoveredAt: expect.any(String) },
          },
        ],
      });
    });
    const offline = await list('/device-links?connection=offline');
    expect(offline.map(({ deviceId }) => deviceId)).toContain(device);
  });

  it('counts by device, way and minute what became of what came', async () => {
    const { device, raw, send } = await connected();
    await send('samples', samplesAt('2026-05-04T11:00:00Z', 1));
    await send('samples', samplesAt('2026-05-04T11:00:00Z', 2));
    await send('occurrences', { kind: 'TRIP', at: '2026-05-04T11:00:00Z' });
    await raw('samples', '{');
    const sum = async () => {
      const items = await list(`/intake?deviceId=${device}&way=mqtt`);
      const of = (name: string) => items.reduce((all, item) => all + Number(item[name]), 0);
      const conflicts = items.map(({ samples }) => (samples as Item | null)?.['conflicts'] ?? 0);
      return [
        ...['accepted', 'quarantined', 'rejected'].map(of),
        Math.max(...conflicts.map(Number)),
      ];
    };
    await eventually(async () => {
      expect(await sum()).toEqual([3, 1, 0, 1]);
    });
  });
});

describe('occurrences of a device', () => {
  it('are listed by their time, page by page, each once', async () => {
    const { device, send } = await connected();
    const at = (minute: number) => `2026-05-04T11:0${String(minute)}:00.000Z`;
    for (const minute of [2, 1, 3, 1]) {
      await send('occurrences', { kind: 'DOOR', at: at(minute), details: { minute } });
    }
    const path = `/devices/${device}/occurrences`;
    await eventually(async () => {
      expect(await list(path)).toHaveLength(3);
    });
    const first = await get(`${path}?limit=2`);
    const rest = await list(`${path}?limit=2&cursor=${String(first['nextCursor'])}`);
    const all = [...(first['items'] as Item[]), ...rest];
    expect(all.map((item) => item['at'])).toEqual([at(3), at(2), at(1)]);
    expect(rest).toMatchObject([{ kind: 'DOOR', details: { minute: 1 } }]);
    expect(await list(`${path}?from=${at(2)}&to=${at(2)}&kind=DOOR`)).toHaveLength(1);
  });
});
