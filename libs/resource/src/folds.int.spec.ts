import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { EsdbEventLog } from '#event-log/esdb.js';
import type { EventLog } from '#event-log/event-log.js';
import { LogTail } from '#event-log/log-tail.js';
import { newEvent } from '#testing/new-event.js';
import { startOwnNode, type TestNode } from '#testing/test-node.js';
import { until } from '#testing/until.js';

import { type Folding, Folds } from './folds.js';
import { evolveThing, type Thing, type ThingEvent, thingStream, thingTypes } from './test/thing.js';

const folding: Folding<Thing, ThingEvent> = {
  streamOf: thingStream,
  types: thingTypes,
  evolve: evolveThing,
};
const made = () => newEvent('ThingMade', { name: 'Bolt', code: null });
const changed = (n: number) => newEvent('ThingChanged', { amount: String(n) });

/** Lets through while it is open. */
class Gate {
  private passing: Promise<void> = Promise.resolve();
  private passed = (): void => undefined;

  close(): void {
    this.passing = new Promise((resolve) => (this.passed = resolve));
  }

  open(): void {
    this.passed();
  }

  pass(): Promise<void> {
    return this.passing;
  }
}

interface Bounds {
  /** Before the tail hears of an event. */
  readonly delivered?: Gate;
  /** Before the log says what its head is. */
  readonly answered?: Gate;
  readonly maxBytes?: number;
}

/** What a process reads with: a connection, a tail and folds of its own. */
class Process {
  /** Reads of streams so far. */
  reads = 0;
  heads = 0;
  readonly folds: Folds;

  private constructor(
    readonly log: EsdbEventLog,
    readonly tail: LogTail,
    { answered, maxBytes }: Bounds,
  ) {
    const counting: Pick<EventLog, 'readStream' | 'head' | 'epoch'> = {
      get epoch() {
        return log.epoch;
      },
      readStream: (...call) => {
        this.reads += 1;
        return log.readStream(...call);
      },
      head: async () => {
        this.heads += 1;
        const head = await log.head();
        await answered?.pass();
        return head;
      },
    };
    this.folds = new Folds(counting, tail, maxBytes);
  }

  static async start(url: string, bounds: Bounds = {}): Promise<Process> {
    const log = EsdbEventLog.connect(url);
    const { delivered } = bounds;
    const subscribe = log.subscribeToAll.bind(log);
    log.subscribeToAll = (after, onEvent) =>
      subscribe(after, async (event) => {
        await delivered?.pass();
        await onEvent(event);
      });
    const tail = new LogTail(log, { probeMs: 50 });
    await tail.start();
    return new Process(log, tail, bounds);
  }

  async count(id: string): Promise<number> {
    return (await this.folds.versions(folding, id)).length;
  }

  async stop(): Promise<void> {
    await this.tail.stop();
    await this.log.close();
  }
}

describe('versions of streams that two processes keep', () => {
  let node: TestNode;
  let writer: EsdbEventLog;
  let processes: readonly Process[];

  beforeAll(async () => {
    node = await startOwnNode();
    writer = EsdbEventLog.connect(node.url);
    processes = await Promise.all([Process.start(node.url), Process.start(node.url)]);
    await until('both follow', () => processes.every(({ tail }) => tail.run !== undefined));
  });
  afterAll(async () => {
    for (const process of processes) await process.stop();
    await writer.close();
    await node.stop();
  });

  it('contain whatever was acknowledged before the call, while somebody writes', async () => {
    const ids = Array.from({ length: 5 }, () => randomUUID());
    const acknowledged = new Map<string, number>();
    let isWriting = true;
    const write = async (id: string): Promise<void> => {
      await writer.append(thingStream(id), [made()], 'no_stream');
      for (let n = 1; n < 60; n += 1) {
        acknowledged.set(id, n);
        await writer.append(thingStream(id), [changed(n)], BigInt(n - 1));
      }
      acknowledged.set(id, 60);
    };
    let compared = 0;
    const read = async (process: Process): Promise<void> => {
      while (isWriting) {
        for (const id of ids) {
          const least = acknowledged.get(id) ?? 0;
          const versions = await process.folds.versions(folding, id);
          expect(versions.length).toBeGreaterThanOrEqual(least);
          expect(versions.map(({ revision }) => Number(revision))).toEqual([...versions.keys()]);
          compared += 1;
        }
      }
    };
    const readers = processes.flatMap((process) => [read(process), read(process), read(process)]);
    const writers = Promise.all(ids.map(write)).finally(() => {
      isWriting = false;
    });
    await Promise.all([writers, ...readers]);
    expect(compared).toBeGreaterThan(100);
    for (const process of processes) {
      for (const id of ids) expect(await process.count(id)).toBe(60);
    }
  });

  it('are those that another read has put in the place of the ones that the call found', async () => {
    const [delivered, answered] = [new Gate(), new Gate()];
    const process = await Process.start(node.url, { delivered, answered, maxBytes: 4_000 });
    const [id, other] = [randomUUID(), randomUUID()];
    await writer.append(thingStream(id), [made()], 'no_stream');
    const first = await writer.append(thingStream(other), [made()], 'no_stream');
    await until('both were delivered', () => process.tail.has(first.position));
    expect(await process.count(id)).toBe(1);

    delivered.close();
    answered.close();
    const later = await writer.append(thingStream(id), [changed(1)], 0n);
    const counting = process.count(id);
    // Memory has room for one of them.
    await process.count(other);
    expect(await process.count(id)).toBe(2);
    delivered.open();
    await until('it was delivered', () => process.tail.has(later.position));
    answered.open();
    expect(await counting).toBe(2);
    await process.stop();
  });

  it('answer the next read after each write, in the other process as well', async () => {
    const id = randomUUID();
    await writer.append(thingStream(id), [made()], 'no_stream');
    for (let n = 1; n < 200; n += 1) {
      await writer.append(thingStream(id), [changed(n)], BigInt(n - 1));
      const counts = await Promise.all(processes.map((process) => process.count(id)));
      expect(counts).toEqual([n + 1, n + 1]);
    }
  });

  it('are read once while nothing changes, with one look at the head for all who ask together', async () => {
    const [process] = processes as [Process, Process];
    const ids = Array.from({ length: 20 }, () => randomUUID());
    for (const id of ids) await writer.append(thingStream(id), [made()], 'no_stream');
    await Promise.all(ids.map((id) => process.count(id)));
    const { reads, heads } = process;
    for (let n = 0; n < 5; n += 1) await Promise.all(ids.map((id) => process.count(id)));
    expect(process.reads).toBe(reads);
    expect(process.heads - heads).toBeLessThanOrEqual(10);
  });

  it('answer for an earlier position without a look at the log', async () => {
    const [process] = processes as [Process, Process];
    const id = randomUUID();
    const { position } = await writer.append(thingStream(id), [made()], 'no_stream');
    const later = await writer.append(thingStream(id), [changed(1)], 0n);
    await until('it was delivered', () => process.tail.has(later.position));
    await process.count(id);
    const { reads, heads } = process;
    expect((await process.folds.at(folding, id, position))?.revision).toBe(0n);
    expect((await process.folds.at(folding, id, later.position))?.revision).toBe(1n);
    expect([process.reads, process.heads]).toEqual([reads, heads]);
  });

  it('are read from the log where the tail does not follow', async () => {
    const process = await Process.start(node.url);
    const id = randomUUID();
    await writer.append(thingStream(id), [made()], 'no_stream');
    expect(await process.count(id)).toBe(1);
    await process.tail.stop();
    await writer.append(thingStream(id), [changed(1)], 0n);
    expect(await process.count(id)).toBe(2);
    await process.log.close();
  });

  it('are none of another log, nor of what was lost with it', async () => {
    const [kept, written] = [randomUUID(), randomUUID()];
    await writer.append(thingStream(kept), [made(), changed(1), changed(2)], 'no_stream');
    for (const process of processes) expect(await process.count(kept)).toBe(3);
    await node.replaceLog();
    const again = EsdbEventLog.connect(node.url);
    await again.append(thingStream(written), [made()], 'no_stream');
    await again.append(thingStream(kept), [made()], 'no_stream');
    for (const process of processes) {
      const count = (id: string) => process.count(id).catch(() => undefined);
      await until('it answers', async () => (await count(written)) === 1);
      expect(await count(kept)).toBe(1);
    }
    await again.close();
  });
});
