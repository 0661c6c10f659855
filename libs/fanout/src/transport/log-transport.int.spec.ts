import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { EsdbEventLog } from '#event-log/esdb.js';
import { commandMeta } from '#testing/decider-spec.js';
import { until } from '#testing/until.js';

import { consumerHealth } from '../consumer/status.js';
import { ledger } from '../contract-suite/ledger.js';
import { logCarrier } from '../contract-suite/log-carrier.js';
import { append, plainly, type Run, World } from '../contract-suite/world.js';
import { logTransport } from './log-transport.js';

describe('the log as a transport', () => {
  let world: World;

  beforeEach(async () => {
    world = await World.start({ plug: plainly, carrier: logCarrier });
  });

  afterEach(() => world.stop());

  it('waits before an event that it does not know, and says so', async () => {
    await world.count(5, 'tally-a');
    await append(world.log, 'tally-b', 'CountedAnew', 1, {});
    await append(world.log, 'tally-c', 'Counted', 5, { value: 1 });
    const run = await world.run(ledger());
    await world.untilWritten(5);
    const waitsFor = 'an event of type CountedAnew';
    await until('it says so', () => run.runner.status().reason?.includes(waitsFor) === true);
    expect(run.runner.status().state).toBe('waiting');
    await sleep(1_000);
    expect(await world.written()).toBe(5);
  });

  it('does not wait for what contexts that it does not read publish', async () => {
    await append(world.log, 'other-a', 'Unheard', 1, {});
    await world.count(5, 'tally-a');
    await world.run(ledger());
    await world.untilWritten(5);
  });

  it('passes over what is none of its facts, and need not read it again', async () => {
    await world.count(1, 'tally-a');
    const last = await append(world.log, 'other-a', 'Unheard', 3_000, {});
    const run = await world.run(ledger());
    await world.untilWritten(1);
    const noted = 'select next_offset >= $1 from fanout.consumer_offset';
    await until('it is noted', async () => {
      return (await world.value(noted, [last.commit.toString()])) === true;
    });
    await run.stop();
    const read: unknown[] = [];
    const watched = Object.assign(Object.create(world.log) as typeof world.log, {
      readAll: (options: Parameters<typeof world.log.readAll>[0]) => {
        read.push(options.after?.commit);
        return world.log.readAll(options);
      },
    });
    await world.run(ledger(), {
      transport: logTransport(watched, world.tail, world.publication),
    });
    await world.count(1, 'tally-a');
    await world.untilWritten(2);
    expect(read.every((after) => typeof after === 'bigint' && after >= last.commit)).toBe(true);
    expect(await world.faults()).toEqual([]);
  });

  it('waits for an event node that is away', async () => {
    const run = await world.run(ledger());
    await world.count(5, 'tally-a');
    await world.untilWritten(5);
    await world.node.kill();
    await sleep(1_500);
    await world.node.restart();
    const log = EsdbEventLog.connect(world.node.url);
    await until('it takes appends again', async () => {
      const appended = append(log, 'tally-b', 'Counted', 5, { value: 1 });
      return appended.then(
        () => true,
        () => false,
      );
    });
    await log.close();
    await world.untilWritten(10);
    await until('it is well', () => {
      return consumerHealth(run.runner.status(), new Date()).status === 'up';
    });
    expect(await world.faults()).toEqual([]);
  });

  describe('where its log is replaced', () => {
    const meta = () => commandMeta({ commandId: randomUUID(), reason: 'test' });
    const reset = () => world.admin.reset('ledger', null, meta());
    const outcome = (like: RegExp) =>
      until(`an outcome that is like ${String(like)}`, async () =>
        like.test(String(await world.value('select control_outcome from fanout.consumer'))),
      );
    const countWhenBack = (times: number, stream: string) =>
      until('it takes appends', () => world.count(times, stream).then(Boolean, () => false));
    const untilStopped = (run: Run) =>
      until('it stands still', () => run.runner.status().state === 'stopped');

    it('stands still, says so, and begins anew when it is reset', async () => {
      const run = await world.run(ledger());
      await world.count(5, 'tally-a');
      await world.untilWritten(5);
      await reset();
      await outcome(/^reset/);
      await world.untilWritten(5);
      await world.node.replaceLog();
      await countWhenBack(8, 'tally-b');
      await untilStopped(run);
      await outcome(/^passed over/);
      expect(run.runner.status().reason).toMatch(
        /^voltrace\.tally\.v1: this is not the event log that consumer ledger has followed: it took event [-0-9a-f]{36} at position \d+, where this log, .* has .*"voltrace consumers reset ledger --to start"$/,
      );
      expect(consumerHealth(run.runner.status(), new Date()).status).toBe('down');
      expect(await world.written()).toBe(5);

      // Of revision 0, as was the one that was carried out.
      await reset();
      await world.untilWritten(8);
      await until('it is well', () => run.runner.status().state === 'running');
      expect(await world.faults()).toEqual([]);
    });

    it('carries nothing out again when the right log is back', async () => {
      const run = await world.run(ledger());
      await world.count(5, 'tally-a');
      await world.untilWritten(5);
      await reset();
      await outcome(/^reset/);
      await world.untilWritten(5);
      const { log } = world.node;
      await world.node.replaceLog();
      await countWhenBack(1, 'tally-b');
      await untilStopped(run);
      await outcome(/^passed over/);
      await world.node.replaceLog(log);
      await until('it goes on', () => run.runner.status().state === 'running');
      await countWhenBack(2, 'tally-c');
      await world.untilWritten(7);
      await outcome(/^passed over/);
      expect(await world.faults()).toEqual([]);
    });

    it('does nothing that was asked in a log which it never followed', async () => {
      // By an event the log is known again: one must be there when the consumer comes.
      await world.count(2, 'tally-a');
      const before = await world.run(ledger());
      await world.untilWritten(2);
      await before.stop();
      await world.node.replaceLog();
      await countWhenBack(3, 'tally-b');
      await reset();
      const run = await world.run(ledger());
      await outcome(/^passed over/);
      await untilStopped(run);
      expect(await world.written()).toBe(2);
    });

    it('notices at its start a log that was restored shorter, and goes on when the longer one is back', async () => {
      await world.count(5, 'tally-a');
      const backup = await world.node.copyLog();
      const { log } = world.node;
      await countWhenBack(3, 'tally-b');
      const before = await world.run(ledger());
      await world.untilWritten(8);
      await before.stop();
      await world.node.replaceLog(backup);
      const run = await world.run(ledger());
      await untilStopped(run);
      expect(await world.written()).toBe(8);
      await world.node.replaceLog(log);
      await until('it goes on', () => run.runner.status().state === 'running');
      await countWhenBack(2, 'tally-c');
      await world.untilWritten(10);
      expect(await world.faults()).toEqual([]);
    });
  });
});
