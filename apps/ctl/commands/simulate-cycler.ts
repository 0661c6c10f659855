import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { Command } from 'commander';

import { contextOf } from '../context.js';
import { CommandFailure, exitCodes, usage } from '../exit-codes.js';
import { write } from '../output.js';
import { dataFolder, mqttUrl } from '../settings.js';
import { cyclerLab, cyclerLabOf } from '../simulate/cycler-lab.js';

interface CyclerOptions {
  readonly speed: string;
  readonly folder?: string;
  readonly broker?: string;
}

/** Simulated time begins so long ago that it seldom runs ahead of the real one, however fast it is. */
const startDaysAgo = 30;

export function addSimulateCycler(simulate: Command): void {
  simulate
    .command('cycler')
    .description(
      'a unit with one output and a simulated cell, until Ctrl-C; the battery, the station and the profile of a first experiment are registered where they are not there yet',
    )
    .option('--speed <times>', 'simulated seconds in a real one, from 1 to 10000', '1000')
    .option(
      '--folder <path>',
      'where the unit keeps what it has to send and what it knows of itself; cycler-sim in the data folder unless given',
    )
    .option(
      '--broker <url>',
      'such as mqtt://127.0.0.1:1883; that of the server that runs here unless given',
    )
    .action(simulateCycler);
}

async function simulateCycler(options: CyclerOptions, command: Command): Promise<void> {
  const { speed } = options;
  if (!/^[1-9]\d{0,4}$/.test(speed) || Number(speed) > 10_000) {
    throw usage(`--speed is "${speed}"; expected a whole number from 1 to 10000.`);
  }
  const url = options.broker ?? mqttUrl();
  const folder = resolve(options.folder ?? join(dataFolder(), 'cycler-sim'));
  const { unitId, secret } = await cyclerLabOf(contextOf(command).api);
  // No other command starts a process.
  const { AppProcess } = await import('#embedded/app-process.js');
  const unit = new AppProcess({
    script: fileURLToPath(new URL('../../cycler-sim/main.js', import.meta.url)),
    env: {
      ...{ LOG_LEVEL: 'warn', ...process.env, NODE_ENV: 'production' },
      ...{ MQTT_URL: url, UNIT_ID: unitId, UNIT_SECRET: secret },
      ...{ SIM_FOLDER: folder, SIM_SERIAL: cyclerLab.serial, SIM_SPEED: speed },
      SIM_START_DAYS_AGO: String(startDaysAgo),
    },
    onLine: (line) => process.stderr.write(`${line}\n`),
  });
  const stopping = new AbortController();
  const stop = (): void => {
    stopping.abort();
    void unit.stop();
  };
  process.once('SIGINT', stop).once('SIGTERM', stop);
  // Its end is told below, with what it said on stderr.
  await unit.ready.then(
    () => write(`${started(speed)}\n`),
    () => undefined,
  );
  const { code, signal } = await unit.ended;
  if (stopping.signal.aborted) return;
  const how = signal === null ? `with exit code ${String(code)}` : `by ${signal}`;
  throw new CommandFailure(`The simulated unit ended ${how}.`, exitCodes.failed);
}

const started = (speed: string): string =>
  [
    `The unit ${cyclerLab.unit} runs at ${speed} times the speed of real time, until Ctrl-C. In another terminal:`,
    `  npx voltrace lab experiments queue "ten cycles" --battery ${cyclerLab.battery} --station ${cyclerLab.station} --profile ${cyclerLab.profile}`,
    '  npx voltrace lab experiments watch "ten cycles"',
  ].join('\n');
