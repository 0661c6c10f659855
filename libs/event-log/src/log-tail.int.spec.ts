import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { startTestNode, type TestNode } from '#testing/test-node.js';

import { counterDecider, nameIt } from './counter.fixture.js';
import { EsdbEventLog } from './esdb.js';
import type { EventLog, Position } from './event-log.js';
import { handleCommand } from './handle-command.js';
import { LogTail } from './log-tail.js';
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

const append = async (id: string, name: string): Promise<Position> => {
  const states = new States(log, counterDecider);
  const { position } = await handleCommand(log, states, id, nameIt(name));
  if (!position) throw new Error('nothing was appended');
  return position;
};
const later = ({ commit, prepare }: Position): Position => ({
  commit: commit + 1_000_000n,
  prepare: prepare + 1_000_000n,
});

describe('a tail that is asked whether it is as far as a position', () => {
  it('says so once all up to there was heard, and not of a position that does not come', async () => {
    const tail = new LogTail(log);
    await tail.start();
    const heard: string[] = [];
    tail.onEvent(({ stream }) => heard.push(stream));
    const id = randomUUID();
    const position = await append(id, 'first');
    expect(await tail.reaches(position, 5_000)).toBe(true);
    expect(heard).toContain(`${counterDecider.category}-${id}`);
    expect(await tail.reaches(later(position), 20)).toBe(false);
    await tail.stop();
    expect(await tail.reaches(position, 20)).toBe(false);
  });
});

describe('states of streams that are heard of', () => {
  it('does not keep what a read brings that an event has overtaken', async () => {
    const id = randomUUID();
    await append(id, 'first');
    let overtake: () => void = () => undefined;
    const overtaken = new Promise<void>((resolve) => {
      overtake = resolve;
    });
    const slow = Object.create(log, {
      readStream: {
        value: async function* (...call: Parameters<EventLog['readStream']>) {
          yield* log.readStream(...call);
          await overtaken;
        },
      },
    }) as EventLog;
    const states = new States(slow, counterDecider);
    const read = states.refresh(id);
    await append(id, 'second');
    states.hear(id, 1n);
    overtake();
    await read;
    expect(states.cached(id)).toBeUndefined();
    expect((await states.refresh(id)).revision).toBe(1n);
    expect(states.cached(id)?.revision).toBe(1n);
    states.hear(id, 2n);
    expect(states.cached(id)).toBeUndefined();
  });
});
