import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { startTestNode, type TestNode } from '#testing/test-node.js';

import { counterDecider, counterName, meta, nameIt } from '../counter.fixture.js';
import { EsdbEventLog } from '../esdb.js';
import type { EventLog } from '../event-log.js';
import { handleCommand } from '../handle-command.js';
import { States } from '../states.js';
import { claimKey, keyOwner, KeyTaken } from './claim-key.js';

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

const freshStates = (through: EventLog = log) => new States(through, counterDecider);

/** The log as a machine sees it that is kept busy by others. */
const slowed = (ms: number): EventLog =>
  Object.create(log, {
    append: {
      value: async (...call: Parameters<EventLog['append']>) => {
        await sleep(ms);
        return log.append(...call);
      },
    },
    readStream: {
      value: async function* (...call: Parameters<EventLog['readStream']>) {
        await sleep(ms);
        yield* log.readStream(...call);
      },
    },
  }) as EventLog;

describe('a claimed key', () => {
  const claim = (owner: string, value: string, states = freshStates()) =>
    claimKey(log, states, counterName(value), owner, meta());

  it('belongs to the first and is refused to others while its owner holds it', async () => {
    const [first, second, value] = [randomUUID(), randomUUID(), randomUUID()];
    const states = freshStates();
    const claimed = await claim(first, value);
    await handleCommand(log, states, first, nameIt(value), { claims: [claimed] });
    await expect(claim(second, value)).rejects.toBeInstanceOf(KeyTaken);
    expect(await keyOwner(log, counterName(value))).toBe(first);
    expect(await claim(first, value)).toEqual(claimed);
  });

  it('is taken over from an owner that never used it, and fences that owner', async () => {
    const [slow, quick, value] = [randomUUID(), randomUUID(), randomUUID()];
    const slowStates = freshStates();
    const slowClaim = await claim(slow, value, slowStates);
    const quickClaim = await claim(quick, value);
    await handleCommand(log, freshStates(), quick, nameIt(value), { claims: [quickClaim] });
    await expect(
      handleCommand(log, slowStates, slow, nameIt(value), { claims: [slowClaim] }),
    ).rejects.toMatchObject({ code: 'KEY_FORFEITED' });
    await expect(claim(slow, value)).rejects.toBeInstanceOf(KeyTaken);
  });

  it('is claimed anew when the same command comes back for another owner', async () => {
    const [first, second, value] = [randomUUID(), randomUUID(), randomUUID()];
    const same = meta();
    await claimKey(log, freshStates(), counterName(value), first, same);
    await claimKey(log, freshStates(), counterName(value), second, same);
    expect(await keyOwner(log, counterName(value))).toBe(second);
  });

  it('goes back to its first owner when the taker died before using it', async () => {
    const [first, taker, value] = [randomUUID(), randomUUID(), randomUUID()];
    const states = freshStates();
    const lost = await claim(first, value);
    await claim(taker, value);
    const regained = await claim(first, value);
    expect(regained.claim).toBeGreaterThan(lost.claim);
    await expect(
      handleCommand(log, states, first, nameIt(value), { claims: [lost] }),
    ).rejects.toMatchObject({ code: 'KEY_FORFEITED' });
    expect(
      await handleCommand(log, states, first, nameIt(value), { claims: [regained] }),
    ).toMatchObject({ outcome: 'accepted' });
  });

  it('is held by exactly one of 8 that want it at once', async () => {
    const value = randomUUID();
    const attempt = async (): Promise<string | null> => {
      const owner = randomUUID();
      const states = freshStates();
      try {
        const claimed = await claim(owner, value, states);
        await handleCommand(log, states, owner, nameIt(value), { claims: [claimed] });
        return owner;
      } catch (error) {
        expect(error).toMatchObject({
          code: expect.stringMatching(/^(KEY_TAKEN|KEY_FORFEITED|CONCURRENT_CHANGE)$/),
        });
        return null;
      }
    };
    const holders = (await Promise.all(Array.from({ length: 8 }, attempt))).filter(
      (owner) => owner !== null,
    );
    expect(holders.length).toBeLessThanOrEqual(1);
    const last = randomUUID();
    if (holders.length === 0) await claim(last, value);
    expect(await keyOwner(log, counterName(value))).toBe(holders[0] ?? last);
  });

  it('is left to its first claimer for longer where the log is slow', async () => {
    const value = randomUUID();
    const slow = slowed(300);
    const attempts = Array.from({ length: 8 }, async () => {
      const owner = randomUUID();
      const states = freshStates(slow);
      const claims = [];
      // As a registration does, which needs several keys before it can use the first.
      for (const name of [value, randomUUID(), randomUUID()]) {
        claims.push(await claimKey(slow, states, counterName(name), owner, meta()));
      }
      await handleCommand(slow, states, owner, nameIt(value), { claims });
    });
    const outcomes = (await Promise.allSettled(attempts)).map((outcome) =>
      outcome.status === 'fulfilled' ? 'held' : (outcome.reason as { code: string }).code,
    );
    expect(outcomes.sort()).toEqual([...Array.from({ length: 7 }, () => 'KEY_TAKEN'), 'held']);
  });
});
