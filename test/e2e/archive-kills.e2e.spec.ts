import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { Manifest } from '#archive/manifest.js';
import { contentOf } from '#archive/test/two-logs.js';
import { EsdbEventLog } from '#event-log/esdb.js';
import { seeded } from '#test/support/seeded.js';
import { compiledRoot } from '#testing/build.js';
import { inheritedEnv } from '#testing/inherited-env.js';
import { newEvent } from '#testing/new-event.js';
import { startOwnNode, type TestNode } from '#testing/test-node.js';

const kills = 10;
const streams = 40;
const rounds = 250;

const root = mkdtempSync(join(tmpdir(), 'voltrace-archive-'));
const seed = Math.floor(Math.random() * 1e9);
const random = seeded(seed);
let source: TestNode;
let target: TestNode;

beforeAll(async () => {
  console.warn(`kills of exports and imports: seed ${String(seed)}`);
  [source, target] = await Promise.all([startOwnNode(), startOwnNode()]);
  const log = EsdbEventLog.connect(source.url);
  for (let round = 0; round < rounds; round += 1) {
    // One after the other in turns, as commands of many callers come.
    const appends = Array.from({ length: streams }, (_, n) => {
      const event = newEvent('Set', { round, n, text: 'x'.repeat(Math.floor(random() * 2_000)) });
      return log.append(
        `product-${String(n)}`,
        [event],
        round === 0 ? 'no_stream' : BigInt(round - 1),
      );
    });
    await Promise.all(appends);
  }
  await log.close();
});
afterAll(async () => {
  await Promise.all([source.stop(), target.stop()]);
  rmSync(root, { recursive: true, force: true });
});

interface Run {
  readonly exitCode: number | null;
  readonly stderr: string;
}

/** The command as a process of its own, which is killed after so many milliseconds. */
const run = async (url: string, args: readonly string[], killAfterMs?: number): Promise<Run> => {
  const script = join(compiledRoot, 'apps', 'ctl', 'main.js');
  const child = spawn(process.execPath, [script, 'events', ...args, '--log-only'], {
    env: { ...inheritedEnv(), EVENTSTORE_URL: url },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr.on('data', (text: Buffer) => (stderr += text.toString()));
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  if (killAfterMs !== undefined) {
    await Promise.race([ended, sleep(killAfterMs)]);
    child.kill('SIGKILL');
  }
  return { exitCode: await ended, stderr };
};

const until = async (url: string, args: readonly string[]): Promise<number> => {
  const began = performance.now();
  const { exitCode, stderr } = await run(url, args);
  expect([exitCode, stderr.replace(/^\d+ events.*\n/gm, '')]).toEqual([0, '']);
  return performance.now() - began;
};

const linesOf = (folder: string, files: readonly { readonly file: string }[]): string =>
  files.map(({ file }) => gunzipSync(readFileSync(join(folder, file))).toString()).join('');

describe('killed again and again', () => {
  it('an export ends as one that was left alone', async () => {
    const [alone, killed] = [join(root, 'alone'), join(root, 'killed')];
    const takesMs = await until(source.url, ['export', alone]);
    for (let done = 0; done < kills;) {
      const { exitCode } = await run(source.url, ['export', killed], random() * takesMs);
      if (exitCode === null) done += 1;
      else rmSync(killed, { recursive: true });
    }
    await until(source.url, ['export', killed]);
    const [one, other] = await Promise.all([Manifest.read(alone), Manifest.read(killed)]);
    expect(other.finished()?.end.counts).toEqual(one.finished()?.end.counts);
    expect(one.of('events').length).toBeGreaterThan(2);
    expect(linesOf(killed, other.of('events'))).toBe(linesOf(alone, one.of('events')));
  }, 400_000);

  it('an import, and the node that it writes to, end as what was exported', async () => {
    const folder = join(root, 'archive');
    await until(source.url, ['export', folder]);
    const takesMs = await until(target.url, ['import', folder]);
    await target.replaceLog();
    let partly = 0;
    // Also until one of them came when a part was there.
    for (let done = 0; done < kills || (partly === 0 && done < 5 * kills); done += 1) {
      const killed = run(target.url, ['import', folder], random() * takesMs);
      // Every other time the node goes first.
      if (done % 2 === 1) {
        await sleep(random() * takesMs);
        await target.kill();
        await killed;
        await target.restart();
      } else if ((await killed).exitCode === 0) {
        await target.replaceLog();
      }
      const log = EsdbEventLog.connect(target.url);
      const { length } = (await contentOf(log)).events;
      await log.close();
      if (length > 0 && length < streams * rounds) partly += 1;
    }
    await until(target.url, ['import', folder]);
    expect(partly).toBeGreaterThan(0);
    const [from, to] = [source, target].map(({ url }) => EsdbEventLog.connect(url)) as [
      EsdbEventLog,
      EsdbEventLog,
    ];
    expect(await contentOf(to)).toEqual(await contentOf(from));
    await Promise.all([from.close(), to.close()]);
  }, 400_000);
});
