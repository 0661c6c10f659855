import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { AppProcess } from '#embedded/app-process.js';

import { compiledRoot, projectRoot } from './build.js';
import { inheritedEnv } from './inherited-env.js';

export interface StandaloneOptions {
  readonly dataDir: string;
  /** Default: a free one. */
  readonly port?: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** A whole system as `npm start` runs it, from the current sources. It ends with the test run. */
export class TestStandalone {
  private constructor(
    readonly app: AppProcess,
    readonly url: string,
    readonly dataDir: string,
    /** What it wrote on the terminal so far. */
    readonly said: readonly string[],
  ) {}

  /** Rejects with what it said if it ends before it is ready. */
  static async start(options: StandaloneOptions): Promise<TestStandalone> {
    const said: string[] = [];
    const app = launchStandalone(options, said);
    const { url } = await app.ready;
    return new TestStandalone(app, url ?? '', options.dataDir, said);
  }

  /** The key of the first administrator. */
  get adminKey(): string {
    return readFileSync(join(this.dataDir, 'admin.key'), 'utf8').trim();
  }

  /** Process ids by part, as noted in the data folder. */
  get pids(): Readonly<Record<string, number>> {
    const { parts } = JSON.parse(readFileSync(join(this.dataDir, 'run.json'), 'utf8')) as {
      parts: Record<string, { pid: number }>;
    };
    return Object.fromEntries(Object.entries(parts).map(([name, { pid }]) => [name, pid]));
  }

  /** A request as the administrator. */
  fetch(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers);
    headers.set('authorization', `Bearer ${this.adminKey}`);
    return fetch(this.url + path, { ...init, headers });
  }

  async stop(): Promise<void> {
    // It has limits of its own, which a busy machine may be late to keep.
    await this.app.stop(60_000);
  }
}

/** Starts without waiting; `app.ready` and `app.ended` tell. */
export function launchStandalone(options: StandaloneOptions, said: string[] = []): AppProcess {
  const script = join(compiledRoot, 'apps', 'standalone', 'main.js');
  return new AppProcess({
    script,
    env: {
      ...inheritedEnv(),
      VOLTRACE_DATA_DIR: options.dataDir,
      PORT: String(options.port ?? 0),
      MQTT_PORT: '0',
      ...options.env,
    },
    ...(options.cwd !== undefined && { cwd: options.cwd }),
    onLine: (line) => said.push(line),
    keepsParentAlive: false,
  });
}

export interface CommandResult {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the `voltrace` command line against a data folder's server; interrupts it once it wrote what `isEnough`. */
export async function runCtl(
  dataDir: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  isEnough: (stdout: string) => boolean = () => false,
): Promise<CommandResult> {
  const script = join(compiledRoot, 'apps', 'ctl', 'main.js');
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--enable-source-maps', script, ...args], {
      cwd: projectRoot,
      env: { ...inheritedEnv(), VOLTRACE_DATA_DIR: dataDir, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const output = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output.stdout += text;
      if (isEnough(output.stdout)) child.kill('SIGINT');
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
    child.once('error', reject);
    child.once('close', (exitCode) => resolve({ exitCode, ...output }));
  });
}
