import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { readJsonFile, writePrivateFile } from '#embedded/files.js';

import { locked, runFolder, runPid } from '../run-folder.js';
import { type BrokerOptions, type KafkaBroker, startKafkaBroker } from './broker.js';

export interface TestKafka {
  /** `host:port`, several separated by commas. */
  readonly brokers: string;
}

/**
 * The cluster that all files of one test run share: the one that `KAFKA_BROKERS` names, else a broker
 * that the first caller starts and that ends with the run. Never stop it: that is for `ownKafka`.
 * Topics, groups and transactional ids of other tests are there too: see `freshNamespace`.
 */
export async function sharedKafka(): Promise<TestKafka> {
  const brokers = process.env['KAFKA_BROKERS'];
  if (brokers) return { brokers };
  const note = join(runFolder(), 'kafka.json');
  const running = readJsonFile<TestKafka>(note);
  return running ?? locked(join(runFolder(), 'kafka.lock'), () => startedShared(note));
}

async function startedShared(note: string): Promise<TestKafka> {
  const running = readJsonFile<TestKafka>(note);
  if (running) return running;
  const { brokers } = await startKafkaBroker({
    folder: join(runFolder(), 'kafka'),
    ownerPid: runPid(),
    removeAfterwards: runFolder(),
  });
  const kafka: TestKafka = { brokers };
  writePrivateFile(note, JSON.stringify(kafka));
  return kafka;
}

/** A prefix for the topics, groups and transactional ids of one test, on a cluster that others use. */
export function freshNamespace(): string {
  return `t-${randomBytes(6).toString('hex')}`;
}

export interface OwnKafka {
  readonly broker: KafkaBroker;
  readonly brokers: string;
  /** Stops the broker and removes its data. */
  dispose(): Promise<void>;
}

/** A broker for one test alone, which may stop, kill, freeze and start it, whatever `KAFKA_BROKERS` says. */
export async function ownKafka(options: Partial<BrokerOptions> = {}): Promise<OwnKafka> {
  const folder = mkdtempSync(join(runFolder(), 'own-kafka-'));
  const broker = await startKafkaBroker({ folder, removeAfterwards: folder, ...options });
  return {
    broker,
    brokers: broker.brokers,
    dispose: async () => {
      await broker.kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
