import { cpSync } from 'node:fs';
import { join } from 'node:path';

import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { FolderLock } from '#embedded/folder-lock.js';
import type { EsdbEventLog } from '#event-log/esdb.js';
import type { NewRawEvent } from '#event-log/raw-log.js';
import { newEvent } from '#testing/new-event.js';

import { exportArchive } from './export-archive.js';
import { importArchive } from './import-archive.js';
import { contentOf, TwoLogs } from './test/two-logs.js';

const streams = ['product-a', 'product-b', 'key-1', 'odd stream: ü/☃', 'batteryé-7', '-'];

const bytes = fc.oneof(
  fc.jsonValue().map((value) => Buffer.from(JSON.stringify(value))),
  fc.uint8Array({ maxLength: 200 }).map((some) => Buffer.from(some)),
  fc
    .constantFrom('', '{}', 'null', '{"carriedMetadata":"e30="}', '\u2028\n"\\')
    .map((text) => Buffer.from(text)),
);
const event = fc.record({
  id: fc.uuid(),
  type: fc.constantFrom('Registered', '$>', 'Größe.v2', 'X'.repeat(300)),
  isJson: fc.boolean(),
  data: bytes,
  metadata: bytes,
});
type Step =
  | { readonly kind: 'append'; readonly stream: string; readonly events: readonly NewRawEvent[] }
  | { readonly kind: 'metadata'; readonly stream: string; readonly maxCount: number }
  | { readonly kind: 'delete' | 'tombstone'; readonly stream: string };
const stream = fc.constantFrom(...streams);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('append' as const),
      stream,
      events: fc.array(event, { minLength: 1, maxLength: 5 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('metadata' as const),
      stream,
      maxCount: fc.integer({ min: 1, max: 9 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constantFrom('delete' as const, 'tombstone' as const),
      stream,
    }),
  },
);

/** Where a stream was ended, what comes for it is refused. */
const carryOut = async (log: EsdbEventLog, steps: readonly Step[]): Promise<void> => {
  const ends = new Map<string, bigint>();
  const ended = new Set<string>();
  const append = async (to: string, events: readonly NewRawEvent[]): Promise<void> => {
    const end = ends.get(to) ?? -1n;
    const { revision } = await log.append(to, events, end < 0n ? 'no_stream' : end);
    ends.set(to, revision);
  };
  for (const one of steps) {
    if (ended.has(one.stream)) continue;
    if (one.kind === 'append') await append(one.stream, one.events);
    else if (one.kind === 'metadata')
      await append(`$$${one.stream}`, [metadata({ $maxCount: one.maxCount })]);
    else if (one.kind === 'tombstone') {
      await log.tombstone(one.stream);
      ended.add(one.stream);
    } else await append(`$$${one.stream}`, [metadata({ $tb: 2 ** 62 })]);
  }
};

let made = 0;
const metadata = (value: object): NewRawEvent => {
  made += 1;
  const id = `00000000-0000-4000-8000-${String(made).padStart(12, '0')}`;
  const none = Buffer.alloc(0);
  return {
    id,
    type: '$metadata',
    isJson: true,
    data: Buffer.from(JSON.stringify(value)),
    metadata: none,
  };
};

describe('an archive of a log', () => {
  let logs: TwoLogs;

  beforeEach(async () => {
    logs = await TwoLogs.start();
  });
  afterEach(async () => {
    await logs.stop();
  });

  it('carries any streams over to the byte, and from there once more', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        const [there, onwards] = await Promise.all([TwoLogs.start(), TwoLogs.start()]);
        try {
          const { source, target, folder } = there;
          await carryOut(source, steps);
          const end = await exportArchive({ log: source, folder });
          expect(await importArchive({ log: target, folder })).toEqual({ end, wasThere: false });
          const content = await contentOf(source);
          expect(await contentOf(target)).toEqual(content);
          expect(end.counts.events).toBe(content.events.length);
          expect(end.counts.metadata).toBe(content.metadata.length);
          // What was imported is exported as what it was.
          await exportArchive({ log: target, folder: onwards.folder });
          await importArchive({ log: onwards.target, folder: onwards.folder });
          expect(await contentOf(onwards.target)).toEqual(content);
        } finally {
          await Promise.all([there.stop(), onwards.stop()]);
        }
      }),
      { numRuns: 12 },
    );
  });

  it('grows by what came since, and is imported once', async () => {
    const { source, target, folder } = logs;
    await source.append('product-1', [newEvent('Registered', {})], 'no_stream');
    const first = await exportArchive({ log: source, folder });
    await expect(exportArchive({ log: source, folder })).rejects.toThrow('--from-former');
    await source.append('product-1', [newEvent('Set', {}), newEvent('Set', {})], 0n);
    const copy = join(logs.root, 'copy');
    cpSync(folder, copy, { recursive: true });
    const second = await exportArchive({ log: source, folder, fromFormer: true });
    expect([first.counts.events, second.counts.events]).toEqual([1, 3]);
    expect(await importArchive({ log: target, folder: copy })).toMatchObject({ wasThere: false });
    expect(await importArchive({ log: target, folder })).toEqual({ end: second, wasThere: false });
    expect(await importArchive({ log: target, folder })).toEqual({ end: second, wasThere: true });
    expect(await contentOf(target)).toEqual(await contentOf(source));
  });

  it('does not go into a log that holds anything else, nor one that was used since', async () => {
    const { source, target, folder } = logs;
    await source.append('product-1', [newEvent('Registered', {})], 'no_stream');
    await exportArchive({ log: source, folder });
    await expect(importArchive({ log: source, folder })).rejects.toThrow(
      'it begins with Registered of stream product-1',
    );
    await importArchive({ log: target, folder });
    await target.append('product-2', [newEvent('Registered', {})], 'no_stream');
    await source.append('product-3', [newEvent('Registered', {})], 'no_stream');
    await exportArchive({ log: source, folder, fromFormer: true });
    await expect(importArchive({ log: target, folder })).rejects.toThrow(
      'of stream product-2 at 0',
    );
    const other = join(logs.root, 'other');
    await exportArchive({ log: source, folder: other });
    await expect(importArchive({ log: target, folder: other })).rejects.toThrow('another archive');
  });

  it('is written by one export at a time', async () => {
    const { source, folder } = logs;
    await source.append('product-1', [newEvent('Registered', {})], 'no_stream');
    const held = await FolderLock.take(folder);
    await expect(exportArchive({ log: source, folder })).rejects.toThrow('exports to');
    held.release();
    expect((await exportArchive({ log: source, folder })).counts.events).toBe(1);
  });

  it('is not continued from another log', async () => {
    const { source, target, folder } = logs;
    await source.append('product-1', [newEvent('Registered', {})], 'no_stream');
    await target.append('product-1', [newEvent('Registered', {})], 'no_stream');
    await exportArchive({ log: source, folder });
    await expect(exportArchive({ log: target, folder, fromFormer: true })).rejects.toThrow(
      'not the event log that was exported before',
    );
  });
});
