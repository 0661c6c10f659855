import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { KafkaPrograms } from './programs.js';
import { runProgram } from './run-program.js';

/** Which broker of its cluster this is; where it is alone, of a cluster of one. */
export interface Member {
  readonly nodeId: number;
  readonly clusterId: string;
  /** The port of each member's controller, by the member's node id. */
  readonly controllers: ReadonlyMap<number, number>;
}

/** As in Kafka's documentation of broker configuration. */
export type BrokerSettings = Readonly<Record<string, string | number>>;

/** A node that is broker and controller, on 127.0.0.1 alone, made for quick tests. */
function settingsOf(logFolder: string, port: number, member: Member): BrokerSettings {
  const { nodeId, controllers } = member;
  const broker = `BROKER://127.0.0.1:${port}`;
  const voters = [...controllers].map(([id, controller]) => `${id}@127.0.0.1:${controller}`);
  return {
    'process.roles': 'broker,controller',
    'node.id': nodeId,
    'controller.quorum.voters': voters.join(','),
    'controller.listener.names': 'CONTROLLER',
    listeners: `${broker},CONTROLLER://127.0.0.1:${controllers.get(nodeId)}`,
    'advertised.listeners': broker,
    'listener.security.protocol.map': 'BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'inter.broker.listener.name': 'BROKER',
    'log.dirs': logFolder,
    // A topic that nobody made on purpose would have the wrong partitions and retention.
    'auto.create.topics.enable': 'false',
    'offsets.topic.num.partitions': 4,
    'offsets.topic.replication.factor': controllers.size,
    'transaction.state.log.num.partitions': 4,
    'transaction.state.log.replication.factor': controllers.size,
    // One member may be away.
    'transaction.state.log.min.isr': Math.max(1, controllers.size - 1),
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
  port: number,
  member: Member,
  more: BrokerSettings = {},
): string {
  const path = join(folder, 'server.properties');
  writeProperties(path, { ...settingsOf(dataFolderOf(folder), port, member), ...more });
  return path;
}

/** Formats a data folder for KRaft; one that is there stays as it is, with the cluster id that it has. */
export async function formatDataFolder(
  programs: KafkaPrograms,
  folder: string,
  port: number,
  member: Member,
): Promise<void> {
  const data = dataFolderOf(folder);
  if (existsSync(data)) return;
  const formatting = `${data}.${randomBytes(6).toString('hex')}.tmp`;
  const settings = `${formatting}.properties`;
  try {
    mkdirSync(folder, { recursive: true });
    writeProperties(settings, settingsOf(formatting, port, member));
    await runStorageTool(programs, settings, member.clusterId);
    // Whole or not at all: a format that was killed is made again.
    renameSync(formatting, data);
  } finally {
    rmSync(formatting, { recursive: true, force: true });
    rmSync(settings, { force: true });
  }
}

async function runStorageTool(
  programs: KafkaPrograms,
  settings: string,
  clusterId: string,
): Promise<void> {
  const { code, output } = await runProgram(
    programs.java,
    [
      ...programs.javaOptions,
      ...['-XX:TieredStopAtLevel=1', '-Dvoltrace.log.level=warn', 'kafka.tools.StorageTool'],
      ...['format', '--cluster-id', clusterId, '--config', settings],
    ],
    { timeoutMs: 60_000 },
  );
  if (code !== 0) throw new Error(`Kafka's storage tool could not format a folder: ${output}`);
}

/** Never with a dash in front, which the tool would take for an option. */
export function newClusterId(): string {
  const bytes = randomBytes(16);
  bytes[0]! &= 0x7f;
  return bytes.toString('base64url');
}

function writeProperties(path: string, settings: BrokerSettings): void {
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`);
  writeFileSync(path, lines.join(''));
}
