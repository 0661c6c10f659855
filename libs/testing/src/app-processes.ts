import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { AppProcess } from '#embedded/app-process.js';

import { inheritedEnv } from './inherited-env.js';
import { runFolder } from './run-folder.js';

/** One for all processes of a test run; the first one makes it. */
const supervisionKeyFile = (): string => join(runFolder(), 'supervision.key');

/** Asks the supervision of a process as who may see all of it. */
export const supervision = (port: number | undefined, path: string): Promise<Response> =>
  fetch(`http://127.0.0.1:${String(port)}${path}`, {
    headers: { authorization: `Bearer ${readFileSync(supervisionKeyFile(), 'utf8').trim()}` },
  });

/** Processes of our compiled apps that do not outlive a test. */
export class AppProcesses {
  private readonly started: AppProcess[] = [];

  /** With this environment, `PATH` and the key of `supervision` alone. */
  start(
    script: string,
    env: Readonly<Record<string, string>>,
    args: readonly string[] = [],
  ): AppProcess {
    const app = new AppProcess({
      ...{ script, args },
      keepsParentAlive: false,
      env: {
        ...inheritedEnv(),
        NODE_ENV: 'production',
        SUPERVISION_KEY_FILE: supervisionKeyFile(),
        ...env,
      },
    });
    this.started.push(app);
    return app;
  }

  /** Frozen ones too. */
  async kill(): Promise<void> {
    for (const app of this.started.splice(0)) {
      app.signal('SIGCONT');
      app.signal('SIGKILL');
      await app.ended;
    }
  }
}
