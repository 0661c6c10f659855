import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { startTestNode, type TestNode } from '#testing/test-node.js';

import { count, counterDecider, counterName, meta, nameIt } from './counter.fixture.js';
import { DryRunLog } from './dry-run-log.js';
import { EsdbEventLog } from './esdb.js';
import type { EventLog, ReadOptions } from './event-log.js';
import { handleCommand } from './handle-command.js';
import { claimKey, keyOwner } from './key/claim-key.js';
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

const statesOn = (on: EventLog) => new States(on, counterDecider);
const totalOn = async (on: EventLog, id: string) => (await statesOn(on).refresh(id)).state.total;
const revisions = async (on: EventLog, id: string, options: ReadOptions = {}) => {
  const found: bigint[] = [];
  for await (const event of on.readStream(`counter-${id}`, options)) found.push(event.revision);
  return found;
};

/** A counter of two events in the log and two more in a dry run. */
const half = async (): Promise<{ readonly id: string; readonly dryRun: DryRunLog }> => {
  const id = randomUUID();
  const dryRun = new DryRunLog(log);
  for (const on of [log, log, dryRun, dryRun]) await handleCommand(on, statesOn(on), id, count(1));
  return { id, dryRun };
};

describe('a dry run of the log', () => {
  it('shows what a command would append, to nobody else', async () => {
    const { id, dryRun } = await half();
    expect([await totalOn(dryRun, id), await totalOn(log, id)]).toEqual([4, 2]);
    expect(dryRun.appendedTo(`counter-${id}`)).toMatchObject([
      { type: 'Counted', revision: 2n },
      { type: 'Counted', revision: 3n },
    ]);
  });

  it('reads on from the log into its own events, in both directions', async () => {
    const { id, dryRun } = await half();
    const backwards = { direction: 'backwards' } as const;
    expect(await revisions(dryRun, id)).toEqual([0n, 1n, 2n, 3n]);
    expect(await revisions(dryRun, id, { from: 1n, limit: 2 })).toEqual([1n, 2n]);
    expect(await revisions(dryRun, id, { from: 3n })).toEqual([3n]);
    expect(await revisions(dryRun, id, { limit: 1 })).toEqual([0n]);
    expect(await revisions(dryRun, id, backwards)).toEqual([3n, 2n, 1n, 0n]);
    expect(await revisions(dryRun, id, { ...backwards, limit: 3 })).toEqual([3n, 2n, 1n]);
    expect(await revisions(dryRun, id, { ...backwards, limit: 1 })).toEqual([3n]);
    expect(await revisions(dryRun, id, { ...backwards, from: 2n, limit: 2 })).toEqual([2n, 1n]);
  });

  it('takes one of many appends at one revision, and decides the others again', async () => {
    const { id, dryRun } = await half();
    await Promise.all(
      Array.from({ length: 3 }, () => handleCommand(dryRun, statesOn(dryRun), id, count(1))),
    );
    expect(await revisions(dryRun, id)).toEqual([0n, 1n, 2n, 3n, 4n, 5n, 6n]);
  });

  it('holds keys of its own, and meets those that are held in the log', async () => {
    const [free, held] = [randomUUID(), randomUUID()];
    const owner = randomUUID();
    await claimKey(log, statesOn(log), counterName(held), owner, meta());
    await handleCommand(log, statesOn(log), owner, nameIt(held));
    const dryRun = new DryRunLog(log);
    const claimOf = (name: string, by: string) =>
      claimKey(dryRun, statesOn(dryRun), counterName(name), by, meta());
    await expect(claimOf(held, randomUUID())).rejects.toMatchObject({ code: 'KEY_TAKEN', owner });
    expect(await claimOf(free, 'one')).toMatchObject({ claim: 0n });
    expect(await keyOwner(dryRun, counterName(free))).toBe('one');
    expect(await keyOwner(log, counterName(free))).toBeUndefined();
  });
});
