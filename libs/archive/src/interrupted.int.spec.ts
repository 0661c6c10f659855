import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { EsdbEventLog } from '#event-log/esdb.js';
import type { NewRawEvent } from '#event-log/raw-log.js';
import { newEvent } from '#testing/new-event.js';
import { startOwnNode } from '#testing/test-node.js';

import { exportArchive } from './export-archive.js';
import { importArchive } from './import-archive.js';
import { contentOf, TwoLogs } from './test/two-logs.js';

let logs: TwoLogs;
const startLogs = async (targetEnv: Readonly<Record<string, string>> = {}): Promise<void> => {
  const envs = [{ EVENT_NODE_MAX_APPEND_BYTES: String(4 * 1024 * 1024) }, targetEnv];
  logs = await TwoLogs.start(() => startOwnNode(envs.shift()));
};
afterEach(async () => {
  await logs.stop();
});

/** One after the other in turns, as commands of many callers come. */
const inTurns = async (prefix: string, rounds: number): Promise<void> => {
  for (let round = 0; round < rounds; round += 1) {
    const before = round === 0 ? ('no_stream' as const) : BigInt(round - 1);
    const appends = Array.from({ length: 40 }, (_, n) =>
      logs.source.append(`${prefix}-${String(n)}`, [newEvent('Set', { round, n })], before),
    );
    await Promise.all(appends);
  }
};

describe('an import that is run again', () => {
  it('goes on where the node went away, and came back while it was appending', async () => {
    await startLogs();
    const { source, target, folder, nodes } = logs;
    await inTurns('product', 60);
    await exportArchive({ log: source, folder });
    let hasBegun: () => void = () => undefined;
    const begun = new Promise<void>((resolve) => (hasBegun = resolve));
    const first = importArchive({ log: target, folder, onProgress: () => hasBegun() });
    const ended = expect(first).rejects.toThrow();
    await begun;
    await nodes.target.kill();
    await nodes.target.restart();
    await ended;
    await importArchive({ log: target, folder });
    expect(await contentOf(target)).toEqual(await contentOf(source));
  });

  it('goes on where an event was too large, when the target takes it', async () => {
    await startLogs();
    const { source, target, folder, nodes } = logs;
    await inTurns('product', 3);
    const large = newEvent('Set', { text: 'x'.repeat(2_000_000) });
    await source.append('large-1', [large], 'no_stream');
    await inTurns('key', 6);
    await exportArchive({ log: source, folder });
    await expect(importArchive({ log: target, folder })).rejects.toThrow('larger than the target');
    const raised = await startOwnNode({ EVENT_NODE_MAX_APPEND_BYTES: String(4 * 1024 * 1024) });
    const log = EsdbEventLog.connect(raised.url);
    try {
      await nodes.target.kill();
      await raised.replaceLog(nodes.target.log);
      await importArchive({ log, folder });
      expect(await contentOf(log)).toEqual(await contentOf(source));
    } finally {
      await log.close();
      await raised.stop();
    }
  });
});

const metadata = (n: number, value: object): NewRawEvent => ({
  id: `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`,
  ...{ type: '$metadata', isJson: true, metadata: Buffer.alloc(0) },
  data: Buffer.from(JSON.stringify(value)),
});

describe('what came since', () => {
  beforeEach(() => startLogs());

  it('goes behind windows and access lists that the former import brought', async () => {
    const { source, target, folder } = logs;
    const [a, b] = [() => newEvent('A', {}), () => newEvent('B', {})];
    for (const stream of ['hidden-1', 'last-1'])
      await source.append(stream, [a(), a()], 'no_stream');
    await source.append('$$hidden-1', [metadata(1, { $tb: 2 })], 'no_stream');
    const last = metadata(2, { $maxCount: 1, $acl: { $w: '$admins' } });
    await source.append('$$last-1', [last], 'no_stream');
    await exportArchive({ log: source, folder });
    await importArchive({ log: target, folder });
    for (const stream of ['hidden-1', 'last-1']) await source.append(stream, [b(), b()], 1n);
    await exportArchive({ log: source, folder, fromFormer: true });
    await importArchive({ log: target, folder });
    expect(await contentOf(target)).toEqual(await contentOf(source));
  });
});
