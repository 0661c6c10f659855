import { join, relative } from 'node:path';

import { FolderInUse, FolderLock } from '#embedded/folder-lock.js';
import { freePort, portProblem } from '#embedded/free-port.js';
import { NeedsOperator } from '#embedded/needs-operator.js';
import { privateFolder } from '#embedded/private-folder.js';
import { describeShortage, DiskReserve } from '#observability/disk-reserve.js';
import { version } from '#observability/version.js';

import { type StandaloneConfig, standaloneConfig } from './config.js';
import { whenNpmEnds } from './parent.js';
import { type Parts, partsFor } from './parts.js';
import { RunNotes } from './run-note.js';
import type { Supervised } from './supervised.js';
import { Terminal } from './terminal.js';
import { welcome } from './welcome.js';

/** Something that only the user can cure: shown without a stack. */
class CannotStart extends Error {}

async function main(): Promise<void> {
  const startedAt = performance.now();
  const config = withFolder(standaloneConfig());
  const lock = await lockOf(config.dataDir);
  const terminal = new Terminal(config.dataDir, config.logLevel);
  const port = await apiPort(config);
  const url = `http://${config.host.includes(':') ? `[${config.host}]` : config.host}:${port}`;
  const notes = new RunNotes(config.dataDir, url);
  for (const left of await notes.stopLeftovers()) {
    terminal.say(`Stopped ${left}, which an earlier start had left running.`);
  }

  const run: { parts?: Parts; ending?: Promise<void> } = {};
  const end = (exitCode: number): Promise<void> =>
    (run.ending ??= (async () => {
      await stopAll(run.parts);
      notes.remove();
      lock.release();
      terminal.logger.info({ exitCode }, 'stopped');
      terminal.say(`Voltrace has stopped; its data stays in ${shown(config.dataDir)}.`);
      process.exit(exitCode);
    })());

  const watcher = {
    started: (part: string, pid: number) =>
      terminal.logger.info({ part, partPid: pid }, 'part started'),
    died: (part: string, how: string, delayMs: number) => {
      const again = `it is started again in ${delayMs / 1_000} s.`;
      terminal.warn(`${part} ${firstLine(how)}; ${again}`, { part, how, delayMs });
    },
    gaveUp: (part: string, how: string, deaths: number) => {
      const optional = run.parts?.optional.some(({ name }) => name === part) === true;
      const then = optional ? 'giving up on it, the rest goes on' : 'giving up';
      const log = shown(join(terminal.logFolder, `${part}.log`));
      const message =
        deaths > 1
          ? `${part} ${firstLine(how)}, ${deaths} times within a minute: ${then}. Its log: ${log}`
          : `${part} cannot start. ${how}`;
      terminal.warn(message, { part, how, deaths });
      if (!optional) void end(1);
    },
  };
  const disk = new DiskReserve(config, [config.dataDir], terminal.logger, (shortage) => {
    if (shortage === undefined) terminal.say('There is room on the disk again.');
    else {
      terminal.warn(
        `The disk of ${shown(shortage.folder)} is full: changes are refused until there is room (${describeShortage(shortage)}).`,
      );
    }
  });
  await disk.start();
  const mqttPort = await mqttPortFor(config, terminal);
  run.parts = partsFor({ config, terminal, notes, watcher, disk }, { api: port, mqtt: mqttPort });
  listenForSignals(terminal, run.parts, end);

  terminal.say(`Starting Voltrace on ${shown(config.dataDir)} ...`);
  await startAll(run.parts, (part, ms) =>
    terminal.say(`  ${part.padEnd(14)} ready after ${(ms / 1_000).toFixed(1)} s`),
  );
  const keyFile = shown(process.env['ADMIN_KEY_FILE'] ?? join(config.dataDir, 'admin.key'));
  terminal.logger.info({ url, startMs: Math.round(performance.now() - startedAt) }, 'ready');
  const { dataDirChosen } = config;
  const places = { dataDir: shown(config.dataDir), logFolder: shown(terminal.logFolder), keyFile };
  for (const line of welcome({ version, url, mqttPort, dataDirChosen, ...places }))
    terminal.say(line);
  process.send?.({ type: 'ready', url, port });
}

function withFolder(config: StandaloneConfig): StandaloneConfig {
  try {
    return { ...config, dataDir: privateFolder(config.dataDir) };
  } catch (error) {
    if (error instanceof NeedsOperator) throw new CannotStart(error.message);
    throw new CannotStart(
      `VOLTRACE_DATA_DIR is "${config.dataDir}", and that folder cannot be made: ${(error as Error).message}`,
    );
  }
}

async function lockOf(dataDir: string): Promise<FolderLock> {
  try {
    return await FolderLock.take(dataDir);
  } catch (error) {
    if (!(error instanceof FolderInUse)) throw error;
    throw new CannotStart(
      `Voltrace is already running on ${dataDir}, as process ${error.pid}. ` +
        'Stop it first, or give this one a data folder and a port of its own: ' +
        'VOLTRACE_DATA_DIR=.voltrace-2 PORT=8081 npm start',
    );
  }
}

async function apiPort({ host, port }: StandaloneConfig): Promise<number> {
  if (port === 0) return freePort();
  const problem = await portProblem(host, port);
  if (problem === undefined) return port;
  if (problem === 'EADDRINUSE') {
    throw new CannotStart(
      `PORT is ${port}, and another program listens on ${host}:${port} already. ` +
        'Stop that program, or choose a free port: PORT=8081 npm start',
    );
  }
  throw new CannotStart(
    `HOST is "${host}" and PORT is ${port}: nothing can listen there (${problem}).`,
  );
}

const usualMqttPort = 1883;

/** The given one, or the usual one unless another broker has it already; 0: the broker takes a free one. */
async function mqttPortFor({ mqttPort }: StandaloneConfig, terminal: Terminal): Promise<number> {
  // Chosen here: devices come back to the same one when the broker was started again.
  if (mqttPort === 0) return freePort();
  const problem = await portProblem('127.0.0.1', mqttPort ?? usualMqttPort);
  if (problem === undefined) return mqttPort ?? usualMqttPort;
  if (mqttPort !== undefined) {
    throw new CannotStart(
      `MQTT_PORT is ${mqttPort}, and nothing can listen on 127.0.0.1:${mqttPort} (${problem}). ` +
        'Choose a free port, or leave it out.',
    );
  }
  const free = await freePort();
  terminal.say(
    `Another program listens on port ${usualMqttPort}: devices reach the MQTT broker on ${free} until the next start. MQTT_PORT chooses one for good.`,
  );
  return free;
}

/** The stores first; each part waits for those that it needs. */
async function startAll(
  parts: Parts,
  ready: (part: string, afterMs: number) => void,
): Promise<void> {
  const from = performance.now();
  const start = async (part: Supervised): Promise<void> => {
    await part.start();
    ready(part.name, performance.now() - from);
  };
  // Who gives up on one of these has said so.
  for (const part of parts.optional) start(part).catch(() => undefined);
  const all = [parts.postgres, parts.eventNode, parts.projector, parts.api];
  try {
    await Promise.all(all.filter((part) => part !== undefined).map(start));
  } catch {
    // Whoever gave up ends everything; nothing is ready any more.
    await new Promise(() => undefined);
  }
}

/** In the order of use, so that each can still finish its work; 10 s in all. */
async function stopAll(parts: Parts | undefined): Promise<void> {
  const halt = (part: Supervised | undefined, timeoutMs: number): Promise<void> =>
    part?.stop(timeoutMs) ?? Promise.resolve();
  const apps = [parts?.api, parts?.projector, ...(parts?.optional ?? [])];
  await Promise.all(apps.map((app) => halt(app, 4_500)));
  await halt(parts?.eventNode, 2_000);
  await halt(parts?.postgres, 1_500);
}

function listenForSignals(
  terminal: Terminal,
  parts: Parts,
  end: (exitCode: number) => Promise<void>,
): void {
  let askedAt: number | undefined;
  const stop = (): void => {
    if (askedAt !== undefined) {
      // One Ctrl-C arrives twice below npm, which passes on what the terminal sent us already.
      if (performance.now() - askedAt < 1_000) return;
      const { api, projector, optional, eventNode, postgres } = parts;
      const all = [api, projector, ...optional, eventNode, postgres];
      for (const part of all) void part?.stop(0);
      return;
    }
    askedAt = performance.now();
    terminal.say('Stopping ...');
    void end(0);
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  process.on('SIGHUP', stop);
  if (process.channel) process.on('disconnect', stop);
  whenNpmEnds(stop);
}

/** Of what a part said at its end; the rest is in its log. */
function firstLine(text: string): string {
  return (text.split('\n')[0] ?? '').replace(/:$/, '');
}

function shown(path: string): string {
  const fromHere = relative(process.cwd(), path);
  return fromHere.startsWith('..') ? path : fromHere;
}

// A terminal that is closed must not end what it started.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

try {
  await main();
} catch (error) {
  const expected = error instanceof CannotStart;
  process.stderr.write(`${expected ? error.message : String((error as Error).stack)}\n`);
  process.exit(1);
}
