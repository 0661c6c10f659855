import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { startTcpProxy, type TcpProxy } from '#testing/tcp-proxy.js';
import { startTestNode, type TestNode } from '#testing/test-node.js';
import { until } from '#testing/until.js';

import { count, counterDecider, meta } from './counter.fixture.js';
import { EsdbEventLog } from './esdb.js';
import { handleCommand } from './handle-command.js';
import { States } from './states.js';

let node: TestNode;
let log: EsdbEventLog;

beforeAll(async () => {
  node = await startTestNode();
  log = EsdbEventLog.connect(node.url);
});
afterAll(async () => {
  await log.close();
  await node.stop();
});

const freshStates = () => new States(log, counterDecider);

describe('a command on one stream', () => {
  it('appends what is decided and remembers the state', async () => {
    const states = freshStates();
    const id = randomUUID();
    const first = await handleCommand(log, states, id, count(2));
    const second = await handleCommand(log, states, id, count(3));
    expect(first).toMatchObject({ outcome: 'accepted', revision: 0n });
    expect(second).toMatchObject({ outcome: 'accepted', revision: 1n, state: { total: 5 } });
    expect((await freshStates().refresh(id)).state.total).toBe(5);
  });

  it('stores who, when and why as the command said, and when it was recorded', async () => {
    const id = randomUUID();
    const command = { ...count(2), meta: { ...meta(), reason: 'because' } };
    const began = Date.now();
    await handleCommand(log, freshStates(), id, command);
    const ended = Date.now();
    for await (const { metadata } of log.readStream(`counter-${id}`)) {
      const { commandId, actor, source, occurredAt, correlationId, reason } = command.meta;
      const given = { commandId, actor, source, occurredAt, $correlationId: correlationId, reason };
      expect(metadata).toMatchObject(given);
      expect(Date.parse(metadata.recordedAt)).toBeGreaterThanOrEqual(began);
      expect(Date.parse(metadata.recordedAt)).toBeLessThanOrEqual(ended);
    }
    expect.assertions(3);
  });

  it('decides again when another process was first', async () => {
    const [mine, theirs] = [freshStates(), freshStates()];
    const id = randomUUID();
    await handleCommand(log, mine, id, count(1));
    await handleCommand(log, theirs, id, count(10));
    const result = await handleCommand(log, mine, id, count(100));
    expect(result).toMatchObject({ revision: 2n, state: { total: 111 } });
  });

  it('does not read a stream whose id is new, and decides again where it is there after all', async () => {
    const read: string[] = [];
    const counting = Object.assign(Object.create(log) as EsdbEventLog, {
      readStream: (...args: Parameters<EsdbEventLog['readStream']>) => {
        read.push(args[0]);
        return log.readStream(...args);
      },
    });
    const states = new States(counting, counterDecider);
    const [fresh, known] = [randomUUID(), randomUUID()];
    const isNew = true;
    await handleCommand(log, freshStates(), known, count(10));
    expect(await handleCommand(counting, states, fresh, count(1), { isNew })).toMatchObject({
      ...{ outcome: 'accepted', state: { total: 1 } },
    });
    expect(read).toEqual([]);
    expect(await handleCommand(counting, states, known, count(1), { isNew })).toMatchObject({
      ...{ outcome: 'accepted', revision: 1n, state: { total: 11 } },
    });
    await expect(
      handleCommand(counting, states, randomUUID(), count(-1), { isNew }),
    ).rejects.toMatchObject({ code: 'BELOW_ZERO' });
  });

  it('never refuses on a stale state', async () => {
    const [mine, theirs] = [freshStates(), freshStates()];
    const id = randomUUID();
    await handleCommand(log, mine, id, count(1));
    await handleCommand(log, theirs, id, count(10));
    expect(await handleCommand(log, mine, id, count(-5))).toMatchObject({ state: { total: 6 } });
    await expect(handleCommand(log, mine, id, count(-7))).rejects.toMatchObject({
      code: 'BELOW_ZERO',
    });
  });

  it('answers "already so" with the revision at the stream\'s end', async () => {
    const [mine, theirs] = [freshStates(), freshStates()];
    const id = randomUUID();
    await handleCommand(log, mine, id, count(1));
    await handleCommand(log, theirs, id, count(1));
    expect(await handleCommand(log, mine, id, count(0))).toMatchObject({
      outcome: 'unchanged',
      revision: 1n,
    });
  });

  it('answers a repeated command with its first result, after a restart too', async () => {
    const id = randomUUID();
    const command = count(4);
    const first = await handleCommand(log, freshStates(), id, command);
    await handleCommand(log, freshStates(), id, count(1));
    const again = await handleCommand(log, freshStates(), id, command);
    expect(again).toMatchObject({ outcome: 'repeated', revision: 0n, position: first.position });
    expect((await freshStates().refresh(id)).state.total).toBe(5);
  });

  it('refuses a reused command id with another content', async () => {
    const states = freshStates();
    const id = randomUUID();
    const { meta: used } = await handleCommand(log, states, id, count(4)).then(() => count(4));
    await handleCommand(log, states, id, { type: 'Count', data: { by: 1 }, meta: used });
    await expect(
      handleCommand(log, states, id, { type: 'Count', data: { by: 2 }, meta: used }),
    ).rejects.toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED', kind: 'unprocessable' });
  });

  it('refuses a reused command id that another process has stored meanwhile', async () => {
    const [mine, theirs] = [freshStates(), freshStates()];
    const id = randomUUID();
    await handleCommand(log, mine, id, count(1));
    const { meta: used } = count(0);
    await handleCommand(log, theirs, id, { type: 'Count', data: { by: 10 }, meta: used });
    await expect(
      handleCommand(log, mine, id, { type: 'Count', data: { by: 20 }, meta: used }),
    ).rejects.toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
    expect(await handleCommand(log, mine, id, count(100))).toMatchObject({ state: { total: 111 } });
  });

  it('honours the revision that the caller saw, on a stale cache too', async () => {
    const [mine, theirs] = [freshStates(), freshStates()];
    const id = randomUUID();
    await handleCommand(log, mine, id, count(1));
    await handleCommand(log, theirs, id, count(1));
    await expect(handleCommand(log, mine, id, count(1), { ifMatch: 0n })).rejects.toMatchObject({
      code: 'STALE_REVISION',
      details: { currentRevision: '1' },
    });
    expect(await handleCommand(log, mine, id, count(1), { ifMatch: 1n })).toMatchObject({
      revision: 2n,
    });
  });

  it('carries out 64 changes of one stream at once, each once and none refused', async () => {
    const states = freshStates();
    const id = randomUUID();
    const changes = Array.from({ length: 64 }, () => handleCommand(log, states, id, count(1)));
    const results = await Promise.all(changes);
    expect(results.map(({ revision }) => Number(revision))).toEqual(results.map((_, at) => at));
    expect((await freshStates().refresh(id)).state.total).toBe(64);
  });

  it('lets one of many that saw the same revision through, and refuses the others as stale', async () => {
    const states = freshStates();
    const id = randomUUID();
    await handleCommand(log, states, id, count(1));
    const changes = Array.from({ length: 8 }, () =>
      handleCommand(log, states, id, count(1), { ifMatch: 0n }).then(
        () => 'accepted',
        (error: unknown) => (error as { code?: string }).code,
      ),
    );
    const stale = Array.from({ length: 7 }, () => 'STALE_REVISION');
    expect(await Promise.all(changes)).toEqual(['accepted', ...stale]);
  });

  it('loses no count of 8 writers with a cache each', async () => {
    const id = randomUUID();
    let lost = 0;
    const writer = async (states: ReturnType<typeof freshStates>): Promise<void> => {
      for (let n = 0; n < 10; n += 1) {
        const command = count(1);
        for (;;) {
          try {
            await handleCommand(log, states, id, command);
            break;
          } catch (error) {
            expect(error).toMatchObject({ code: 'CONCURRENT_CHANGE' });
            lost += 1;
          }
        }
      }
    };
    await Promise.all(Array.from({ length: 8 }, () => writer(freshStates())));
    const { state, revision } = await freshStates().refresh(id);
    expect({ total: state.total, revision, lostIsCounted: lost >= 0 }).toEqual({
      total: 80,
      revision: 79n,
      lostIsCounted: true,
    });
  });

  it('does not decide on a stream with a type that it does not know', async () => {
    const id = randomUUID();
    await log.append(
      `counter-${id}`,
      [{ type: 'CounterPainted', data: {}, id: randomUUID(), metadata: {} as never }],
      'no_stream',
    );
    await expect(handleCommand(log, freshStates(), id, count(1))).rejects.toMatchObject({
      code: 'EVENT_TYPE_UNKNOWN',
      kind: 'unavailable',
    });
  });

  it('says clearly that an event cannot be encoded', async () => {
    const command = { type: 'Count', data: { by: 5n as never }, meta: meta() } as const;
    await expect(handleCommand(log, freshStates(), randomUUID(), command)).rejects.toThrow(
      /bigint|BigInt/,
    );
  });
});

describe('an append whose answer is lost', () => {
  let proxy: TcpProxy;
  let behind: EsdbEventLog;
  let id: string;
  let countAgain: () => ReturnType<typeof handleCommand>;

  beforeEach(async () => {
    proxy = await startTcpProxy(node.port);
    behind = EsdbEventLog.connect(node.urlOn(proxy.port));
    const states = new States(behind, counterDecider);
    id = randomUUID();
    countAgain = () => handleCommand(behind, states, id, count(1));
    await countAgain();
  });
  afterEach(async () => {
    await behind.close();
    await proxy.close();
  });

  it('is stored once when it was stored and the reply never came', async () => {
    proxy.mode = 'lose-replies';
    const pending = countAgain();
    await until('it is stored', async () => (await freshStates().refresh(id)).revision === 1n);
    proxy.mode = 'open';
    proxy.cut();
    expect(await pending).toMatchObject({ outcome: 'accepted', revision: 1n });
    expect((await freshStates().refresh(id)).revision).toBe(1n);
  });

  it('survives a half-open socket', async () => {
    proxy.mode = 'dead';
    const pending = countAgain();
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    proxy.mode = 'open';
    expect(await pending).toMatchObject({ outcome: 'accepted', revision: 1n });
  });

  it('is answered as unknown, in bounded time, when nobody ever answers', async () => {
    proxy.mode = 'dead';
    // A timer, and not the clock: it stands still with what it measures when the machine is starved.
    const late = sleep(12_000, 'late', { ref: false });
    await expect(Promise.race([countAgain(), late])).rejects.toMatchObject({
      code: 'OUTCOME_UNKNOWN',
      kind: 'unavailable',
    });
  });
});
