import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { identityOf } from '#embedded/processes.js';
import { compiledRoot, projectRoot } from '#testing/build.js';
import { inheritedEnv } from '#testing/inherited-env.js';
import { until } from '#testing/until.js';

interface RunNote {
  readonly pid: number;
  readonly url: string;
  readonly parts: Readonly<Record<string, { readonly pid: number }>>;
}

const isAlive = (pid: number): boolean => identityOf(pid) !== undefined;

/** A folder with our script `start`, on the current sources instead of on what was built before. */
const projectIn = (folder: string): void => {
  const { scripts } = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8')) as {
    scripts: { start: string };
  };
  const { start } = scripts;
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ scripts: { start } }));
  symlinkSync(compiledRoot, join(folder, 'dist'));
};

describe('the process of npm start', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'voltrace-npm-'));
    chmodSync(folder, 0o755);
    projectIn(folder);
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it.each(['SIGTERM', 'SIGKILL'] as const)(
    'takes everything along that it started when it gets %s',
    async (signal) => {
      const dataDir = join(folder, 'data');
      const npm = spawn('npm', ['start'], {
        cwd: folder,
        env: {
          ...inheritedEnv(),
          HOME: folder,
          PORT: '0',
          MQTT_PORT: '0',
          VOLTRACE_DATA_DIR: dataDir,
        },
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let said = '';
      npm.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
      const ended = new Promise((resolve) => npm.once('exit', resolve));
      await until('it is ready', () => said.includes('  stop     Ctrl-C'));
      const note = JSON.parse(readFileSync(join(dataDir, 'run.json'), 'utf8')) as RunNote;
      const pids = [note.pid, ...Object.values(note.parts).map(({ pid }) => pid)];
      expect(pids.filter(isAlive)).toEqual(pids);
      expect((await fetch(note.url)).status).toBe(200);

      npm.kill(signal);
      await ended;
      await until('nothing runs', () => !pids.some(isAlive));
      await until('it says so', () => said.includes('Voltrace has stopped'));
    },
  );
});
