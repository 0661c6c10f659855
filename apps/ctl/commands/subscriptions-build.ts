import { fileURLToPath } from 'node:url';

import type { Command } from 'commander';

import { CommandFailure, exitCodes } from '../exit-codes.js';
import { write } from '../output.js';

/**
 * Adds the command that is run before a roll-out. The API that runs then is of the version before and knows
 * nothing of this one, so that a projector of this version does it, on the stores themselves.
 */
export function addBuildCommand(subscriptions: Command): void {
  subscriptions
    .command('build')
    .description(
      'build what this version reads beside what is read now, and end: before its processes take over. Needs EVENTSTORE_URL and DATABASE_URL, and no API',
    )
    .action(build);
}

async function build(): Promise<void> {
  const { AppProcess } = await import('#embedded/app-process.js');
  const projector = new AppProcess({
    script: fileURLToPath(new URL('../../projector/main.js', import.meta.url)),
    // It may run beside a projector of the same environment, which has that port.
    env: { ...process.env, PROJECTOR_UNTIL_BUILT: 'on', HEALTH_PORT: '' },
    onLine: (line) => process.stderr.write(`${line}\n`),
  });
  const stopping = new AbortController();
  const stop = (): void => {
    stopping.abort();
    void projector.stop();
  };
  process.once('SIGINT', stop).once('SIGTERM', stop);
  const { code, signal } = await projector.ended;
  if (code === 0 && !stopping.signal.aborted)
    return write('Everything that this version reads is built.\n');
  const how = signal === null ? `with exit code ${String(code)}` : `by ${signal}`;
  const ended = stopping.signal.aborted ? 'was stopped' : `ended ${how}`;
  throw new CommandFailure(`The projector ${ended} before everything was built.`, exitCodes.failed);
}
