import { join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';

import { readJsonFile, writePrivateFile } from '#embedded/files.js';
import { portProblem } from '#embedded/free-port.js';
import { NeedsOperator } from '#embedded/needs-operator.js';
import { privateFolder } from '#embedded/private-folder.js';

import { type KafkaBroker, startKafkaBroker } from './broker.js';
import { fetchKafka, kafkaVersion } from './programs.js';

/** `npm run kafka`: one broker in the foreground, with data that outlives it. */
async function main(): Promise<void> {
  const run: { broker?: KafkaBroker; stopping?: boolean } = {};
  listenForSignals(run);
  const folder = privateFolder(resolve(process.env['VOLTRACE_DATA_DIR'] ?? '.voltrace', 'kafka'));
  const wanted = wantedPort();
  await fetchKafka({ say });
  say(`Starting Apache Kafka ${kafkaVersion} on ${shown(folder)} ...`);
  const port = wanted ?? (await lastPort(folder));
  const broker = await startKafkaBroker({
    folder,
    keepsParentAlive: true,
    ...(port !== undefined && { port }),
  });
  run.broker = broker;
  writePrivateFile(noteOf(folder), JSON.stringify({ port: broker.port, pid: broker.pid }));
  say(`Kafka is ready; its log: ${shown(broker.logFile)}. Ctrl-C stops it, the data stays.`);
  say('What shall use it gets this in its environment (KAFKA_BROKERS=... npm test):');
  say(`KAFKA_BROKERS=${broker.brokers}`);
  const { code, signal } = await broker.ended;
  if (run.stopping) {
    say('Kafka has stopped.');
    return;
  }
  say(
    `Kafka ended by itself (${signal ?? `exit code ${code}`}); its log: ${shown(broker.logFile)}`,
  );
  process.exitCode = 1;
}

function listenForSignals(run: { broker?: KafkaBroker; stopping?: boolean }): void {
  const stop = (): void => {
    // One Ctrl-C arrives twice below npm, which passes on what the terminal sent us already.
    if (run.stopping) return;
    run.stopping = true;
    say('Stopping ...');
    // One that only starts up yet is stopped by its guard.
    if (run.broker) void run.broker.stop();
    else process.exit(1);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
}

function wantedPort(): number | undefined {
  const { port } = parseArgs({ options: { port: { type: 'string' } } }).values;
  if (port === undefined) return undefined;
  const number = Number(port);
  if (Number.isInteger(number) && number > 0 && number < 65_536) return number;
  throw new NeedsOperator(`--port is "${port}"; expected: a number from 1 to 65535.`);
}

/** The same again where it is free: other terminals still have it in their KAFKA_BROKERS. */
async function lastPort(folder: string): Promise<number | undefined> {
  const port = readJsonFile<{ port: number }>(noteOf(folder))?.port;
  if (port === undefined || (await portProblem('127.0.0.1', port))) return undefined;
  return port;
}

function noteOf(folder: string): string {
  return join(folder, 'broker.json');
}

function shown(path: string): string {
  const short = relative(process.cwd(), path);
  return short.startsWith('..') ? path : short;
}

function say(message: string): void {
  process.stdout.write(`${message}\n`);
}

main().catch((error: unknown) => {
  const operator = error instanceof NeedsOperator;
  console.error(operator ? error.message : error);
  process.exitCode = 1;
});
