import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { KafkaPrograms } from './programs.js';
import { runProgram } from './run-program.js';

export interface BrokerPorts {
  readonly broker: number;
  readonly controller: number;
}

/** As in Kafka's documentation of broker configuration. */
export type BrokerSettings = Readonly<Record<string, string | number>>;

/** One node that is everything, on 127.0.0.1 alone, made for quick tests. */
function settingsOf(logFolder: string, ports: BrokerPorts): BrokerSettings {
  const broker = `BROKER://127.0.0.1:${ports.broker}`;
  return {
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@127.0.0.1:${ports.controller}`,
    'controller.listener.names': 'CONTROLLER',
    listeners: `${broker},CONTROLLER://127.0.0.1:${ports.controller}`,
    'advertised.listeners': broker,
    'listener.security.protocol.map': 'BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'inter.broker.listener.name': 'BROKER',
    'log.dirs': logFolder,
    // A topic that nobody made on purpose would have the wrong partitions and retention.
    'auto.create.topics.enable': 'false',
    'offsets.topic.num.partitions': 4,
    'offsets.topic.replication.factor': 1,
    'transaction.state.log.num.partitions': 4,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'transaction.abort.timed.out.transaction.cleanup.interval.ms': 500,
    'group.initial.rebalance.delay.ms': 0,
    // A killed broker is let in again only when the session of its former life has run out.
    'broker.heartbeat.interval.ms': 500,
    'broker.session.timeout.ms': 2_000,
    // The defaults are for large machines: the cleaner alone would take a third of our heap.
    'log.cleaner.dedupe.buffer.size': 16 * 1024 * 1024,
    'log.cleaner.backoff.ms': 1_000,
  };
}

export const dataFolderOf = (folder: string): string => join(folder, 'data');

/** Writes `server.properties` and returns its path. */
export function writeSettings(
  folder: string,
  ports: BrokerPorts,
  more: BrokerSettings = {},
): string {
  const path = join(folder, 'server.properties');
  writeProperties(path, { ...settingsOf(dataFolderOf(folder), ports), ...more });
  return path;
}

/** Formats a data folder for KRaft with a cluster id of its own; one that is there stays as it is. */
export async function formatDataFolder(
  programs: KafkaPrograms,
  folder: string,
  ports: BrokerPorts,
): Promise<void> {
  const data = dataFolderOf(folder);
  if (existsSync(data)) return;
  const formatting = `${data}.${randomBytes(6).toString('hex')}.tmp`;
  const settings = `${formatting}.properties`;
  try {
    mkdirSync(folder, { recursive: true });
    writeProperties(settings, settingsOf(formatting, ports));
    await runStorageTool(programs, settings);
    // Whole or not at all: a format that was killed is made again.
    renameSync(formatting, data);
  } finally {
    rmSync(formatting, { recursive: true, force: true });
    rmSync(settings, { force: true });
  }
}

async function runStorageTool(programs: KafkaPrograms, settings: string): Promise<void> {
  const { code, output } = await runProgram(
    programs.java,
    [
      ...programs.javaOptions,
      ...['-XX:TieredStopAtLevel=1', '-Dvoltrace.log.level=warn', 'kafka.tools.StorageTool'],
      ...['format', '--cluster-id', newClusterId(), '--config', settings],
    ],
    { timeoutMs: 60_000 },
  );
  if (code !== 0) throw new Error(`Kafka's storage tool could not format a folder: ${output}`);
}

/** Never with a dash in front, which the tool would take for an option. */
function newClusterId(): string {
  const bytes = randomBytes(16);
  bytes[0]! &= 0x7f;
  return bytes.toString('base64url');
}

function writeProperties(path: string, settings: BrokerSettings): void {
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`);
  writeFileSync(path, lines.join(''));
}
