import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { blockingFolder } from '#embedded/server-user.js';
import { projectRoot } from '#testing/build.js';
import { TestStandalone } from '#testing/standalone.js';
import { until } from '#testing/until.js';

/** By the number that `nobody` has everywhere. */
const other = { name: 'nobody', uid: 65_534, gid: 65_534 };

const whyNot = (): string | undefined => {
  if (process.getuid?.() !== 0) return 'only root can run something as another user';
  const folder = blockingFolder(projectRoot, other);
  return folder === undefined ? undefined : `another user may not enter ${folder}`;
};
const reason = whyNot();
const title = 'another user of the machine';

(reason === undefined ? describe : describe.skip)(
  reason === undefined ? title : `${title} [skipped: ${reason}]`,
  () => {
    const root = mkdtempSync(join(tmpdir(), 'voltrace-other-user-'));
    const dataDir = join(root, 'data');
    let standalone: TestStandalone;

    beforeAll(async () => {
      // The folder itself is what keeps others out, not one above it.
      chmodSync(root, 0o755);
      standalone = await TestStandalone.start({ dataDir });
    });
    afterAll(async () => {
      await standalone.stop();
      rmSync(root, { recursive: true, force: true });
    });

    it('is refused whatever he tries', async () => {
      const running = () =>
        JSON.parse(readFileSync(join(dataDir, 'run.json'), 'utf8')) as {
          parts: Readonly<Record<string, { pid: number; port?: number }>>;
        };
      // `npm start` does not wait for it.
      await until(
        'the consumers have their port',
        () => running().parts['consumers']?.port !== undefined,
      );
      const { parts } = running();
      const script = join(projectRoot, 'test', 'e2e', 'other-user.mjs');
      const target = JSON.stringify({ dataDir, parts, url: standalone.url });
      const { stdout } = await promisify(execFile)(process.execPath, [script, target], {
        uid: other.uid,
        gid: other.gid,
        cwd: '/',
        env: { PATH: process.env['PATH'] },
      });
      const refused = JSON.parse(stdout) as Readonly<Record<string, string | null>>;
      expect(Object.keys(refused).length).toBeGreaterThan(20);
      expect(Object.entries(refused).filter(([, how]) => how === null)).toEqual([]);
      const how = (start: string): readonly (string | null)[] =>
        Object.keys(refused)
          .filter((name) => name.startsWith(start))
          .map((name) => refused[name] ?? null);
      for (const said of how('append'))
        expect(said).toMatch(/UNAVAILABLE|14|certificate|ECONNRESET/i);
      for (const said of [...how('read '), ...how('list'), ...how('write')]) {
        expect(said).toMatch(/^EACCES/);
      }
      for (const said of how('metrics')) expect(said).toBe('401');
      for (const said of how('end the')) expect(said).toMatch(/^EPERM/);
      for (const said of how('the environment')) expect(said).toMatch(/^EACCES/);
      const keys = await standalone.fetch('/v1/events?category=apiKey');
      expect(await keys.text()).not.toContain('"name":"mine"');
    });
  },
);
