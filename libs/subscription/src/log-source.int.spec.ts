import { setTimeout as sleep } from 'node:timers/promises';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { EsdbEventLog } from '#event-log/esdb.js';
import type { EventLog } from '#event-log/event-log.js';
import { startOwnNode } from '#testing/test-node.js';
import { until } from '#testing/until.js';

import { logSource } from './log-source.js';
import type { SubscriptionRunner } from './runner.js';
import { subscriptionHealth } from './status.js';
import { appendTo, Harness, openTestStores } from './test/harness.js';
import { ledgerFollower } from './test/ledger.js';

describe('the log as a source', () => {
  let harness: Harness;

  beforeEach(async () => {
    harness = new Harness(await openTestStores(undefined, startOwnNode));
  });

  afterEach(() => harness.stop());

  const run = (log: EventLog = harness.log) =>
    harness.follow(ledgerFollower(), logSource(log, harness.tail));

  const untilRunning = (runner: Pick<SubscriptionRunner<unknown>, 'status'>) =>
    until('it runs', () => runner.status().state === 'running');

  it('waits before an event that it does not know, and says so', async () => {
    await harness.append(5, 'counter-a');
    await appendTo(harness.log, 'counter-b', 'CountedAnew', 1);
    await appendTo(harness.log, 'counter-c', 'Counted', 5);
    const runner = await run();
    await harness.untilWritten(5);
    const waitsFor = 'an event of type CountedAnew';
    await until('it says so', () => runner.status().reason?.includes(waitsFor) === true);
    expect(runner.status().state).toBe('waiting');
    await sleep(1_000);
    expect(await harness.written()).toBe(5);
  });

  it('hands over to a process that knows the event, and takes over again when that one ends', async () => {
    const older = await run();
    await harness.append(5, 'counter-a');
    await harness.untilWritten(5);
    const known = ledgerFollower();
    const newer: typeof known = {
      ...known,
      read: ({ id, stream, revision, metadata, position, created, type, data }, scope) => {
        const older = { id, stream, revision, metadata, position, created, data };
        return known.read({ ...older, type: type.replace('Anew', '') }, scope);
      },
    };
    const standby = await harness.follow(newer, logSource(harness.log, harness.tail));
    await appendTo(harness.log, 'counter-b', 'CountedAnew', 1);
    await harness.append(5, 'counter-c');
    await harness.untilWritten(11);
    await untilRunning(older);
    await standby.stop();
    await harness.append(5, 'counter-a');
    await harness.untilWritten(16);
    expect(await harness.faults()).toEqual([]);
  });

  it('does not wait for what categories hold that the follower does not read', async () => {
    await appendTo(harness.log, 'other-a', 'Unheard', 1);
    await harness.append(5, 'counter-a');
    await run();
    await harness.untilWritten(5);
  });

  it('passes over what the follower does not handle, and need not read it again', async () => {
    await harness.append(1, 'counter-a');
    const last = await appendTo(harness.log, 'other-a', 'Unheard', 3_000);
    const runner = await run();
    await harness.untilWritten(1);
    const noted = 'select next_offset >= $1 from subscription.checkpoint';
    await until('it is noted', async () => {
      return (await harness.value(noted, [last.commit.toString()])) === true;
    });
    await runner.stop();
    const read: unknown[] = [];
    const watched = Object.assign(Object.create(harness.log) as EventLog, {
      readAll: (options: Parameters<EventLog['readAll']>[0]) => {
        read.push(options.after?.commit);
        return harness.log.readAll(options);
      },
    });
    await run(watched);
    await harness.append(1, 'counter-a');
    await harness.untilWritten(2);
    expect(read.every((after) => typeof after === 'bigint' && after >= last.commit)).toBe(true);
    expect(await harness.faults()).toEqual([]);
  });

  it('waits for an event node that is away', async () => {
    const runner = await run();
    await harness.append(5, 'counter-a');
    await harness.untilWritten(5);
    await harness.node.kill();
    await sleep(1_500);
    await harness.node.restart();
    const log = EsdbEventLog.connect(harness.node.url);
    await until('it takes appends again', async () => {
      const appended = appendTo(log, 'counter-b', 'Counted', 5);
      return appended.then(
        () => true,
        () => false,
      );
    });
    await log.close();
    await harness.untilWritten(10);
    await until('it is well', () => {
      return subscriptionHealth(runner.status(), new Date()).status === 'up';
    });
    expect(await harness.faults()).toEqual([]);
  });

  it('reads what was parked from the log again, and keeps it parked where it is another event', async () => {
    let broken = true;
    const before = ({ data }: { data: object }): void => {
      if (broken && 'does' in data) throw new Error('it fails on request');
    };
    await harness.append(1, 'counter-a', { does: 'fail' });
    await harness.append(1, 'counter-b', { does: 'fail' });
    await harness.follow(ledgerFollower({ before }), logSource(harness.log, harness.tail));
    const [ofA, ofB] = await harness.untilParked(2);
    broken = false;
    await harness.rows(`update subscription.parked set revision = 7 where key = 'counter-b'`);
    expect(await harness.operator.retry(undefined, 'ledger')).toBe('1 handled, 1 key fails again');
    expect(await harness.rows('select event_id as id from ledger.entry')).toEqual([
      { id: ofA?.eventId },
    ]);
    expect(await harness.parked()).toMatchObject([
      { eventId: ofB?.eventId, error: 'Error: its event is gone from the log' },
    ]);
  });

  describe('where it is replaced', () => {
    const reset = () => harness.operator.reset('ledger', null);
    const appendWhenBack = (times: number, stream: string) =>
      until('it takes appends', () => harness.append(times, stream).then(Boolean, () => false));
    const untilStopped = (runner: Pick<SubscriptionRunner<unknown>, 'status'>) =>
      until('it is stopped', () => runner.status().state === 'stopped');

    it('stops, says so, and begins anew when it is reset', async () => {
      const runner = await run();
      await harness.append(5, 'counter-a');
      await harness.untilWritten(5);
      await reset();
      await harness.outcome(/^reset/);
      await harness.untilWritten(5);
      await harness.node.replaceLog();
      await appendWhenBack(8, 'counter-b');
      await untilStopped(runner);
      await harness.outcome(/^passed over/);
      expect(runner.status().reason).toMatch(
        /^log: this is not the event log that subscription ledger has followed: it took event [-0-9a-f]{36} at position \d+, where this log, .* has .*"voltrace subscriptions reset ledger --to start"$/,
      );
      expect(subscriptionHealth(runner.status(), new Date()).status).toBe('down');
      expect(await harness.written()).toBe(5);

      // Of revision 0, as was the one that was carried out.
      await reset();
      await harness.untilWritten(8);
      await untilRunning(runner);
      expect(await harness.faults()).toEqual([]);
    });

    it('carries nothing out again when the right log is back', async () => {
      const runner = await run();
      await harness.append(5, 'counter-a');
      await harness.untilWritten(5);
      await reset();
      await harness.outcome(/^reset/);
      await harness.untilWritten(5);
      const { log } = harness.node;
      await harness.node.replaceLog();
      await appendWhenBack(1, 'counter-b');
      await untilStopped(runner);
      await harness.outcome(/^passed over/);
      await harness.node.replaceLog(log);
      await untilRunning(runner);
      await appendWhenBack(2, 'counter-c');
      await harness.untilWritten(7);
      await harness.outcome(/^passed over/);
      expect(await harness.faults()).toEqual([]);
    });

    it('does nothing that was asked in a log which it never followed', async () => {
      // By an event the log is recognised: one must be there when the subscription comes.
      await harness.append(2, 'counter-a');
      const before = await run();
      await harness.untilWritten(2);
      await before.stop();
      await harness.node.replaceLog();
      await appendWhenBack(3, 'counter-b');
      await reset();
      const runner = await run();
      await harness.outcome(/^passed over/);
      await untilStopped(runner);
      expect(await harness.written()).toBe(2);
    });

    it('notices at its start a log that was restored shorter, and goes on when the longer one is back', async () => {
      await harness.append(5, 'counter-a');
      const backup = await harness.node.copyLog();
      const { log } = harness.node;
      await appendWhenBack(3, 'counter-b');
      const before = await run();
      await harness.untilWritten(8);
      await before.stop();
      await harness.node.replaceLog(backup);
      const runner = await run();
      await untilStopped(runner);
      expect(await harness.written()).toBe(8);
      await harness.node.replaceLog(log);
      await untilRunning(runner);
      await appendWhenBack(2, 'counter-c');
      await harness.untilWritten(10);
      expect(await harness.faults()).toEqual([]);
    });
  });
});
