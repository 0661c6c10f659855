import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { AppProcess } from '#embedded/app-process.js';
import { freePort } from '#embedded/free-port.js';
import { inheritedEnv } from '#testing/inherited-env.js';

import { type ChildOf, childrenOf } from './children.js';
import { ApiClient } from './client.js';

/** A whole Voltrace on a data folder of its own, started as `npm start` does. */
export interface Voltrace {
  readonly api: ApiClient;
  readonly dataDir: string;
  /** Of the process that supervises the others. */
  readonly pid: number;
  /** The processes of apps and Postgres that run now. */
  children(): readonly ChildOf[];
  /** The last lines that it printed. */
  output(): string;
  stop(): Promise<void>;
  /** Stops and removes the data. */
  remove(): Promise<void>;
}

export interface StartOptions {
  /** The folder of the compiled sources. */
  readonly dist: string;
  /** Default: a new folder under the system's temporary one. */
  readonly dataDir?: string;
  readonly env?: Readonly<Record<string, string>>;
}

export const startVoltrace = async ({ dist, dataDir, env }: StartOptions): Promise<Voltrace> => {
  const folder = dataDir ?? mkdtempSync(join(tmpdir(), 'voltrace-'));
  const port = await freePort();
  const app = new AppProcess({
    script: join(dist, 'apps/standalone/main.js'),
    env: {
      ...inheritedEnv(),
      HOME: process.env['HOME'],
      VOLTRACE_DATA_DIR: folder,
      PORT: String(port),
      MQTT_PORT: '0',
      ...env,
    },
    cwd: folder,
  });
  await app.ready;
  const key = readFileSync(join(folder, 'admin.key'), 'utf8').trim();
  const stop = async (): Promise<void> => {
    await app.stop(20_000);
  };
  return {
    api: new ApiClient(`http://127.0.0.1:${String(port)}`, key),
    dataDir: folder,
    pid: app.pid,
    children: () => childrenOf(app.pid),
    output: () => app.output,
    stop,
    remove: async () => {
      await stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};
