import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { startConsumers, startRelay } from '#test/support/parts.js';
import { startVoltrace, type Voltrace } from '#test/support/voltrace.js';
import { KafkaCluster } from '#testing/kafka/cluster.js';
import { withAdmin } from '#testing/kafka/topics.js';
import { until } from '#testing/until.js';

import { Disks } from '../disks.js';
import { databaseUrlOf, eventStoreUrlOf } from '../operate.js';
import { facts, type Victims } from './disturb.js';
import type { FanoutUnderTest } from './settled.js';

/** A whole Voltrace on three brokers of its own, with a second relay and a second consumer that stand by. */
export interface FanoutSystem {
  readonly voltrace: Voltrace;
  readonly victims: Victims;
  readonly underTest: FanoutUnderTest;
  /** For files of the rounds. */
  readonly folder: string;
  /** Stops everything and removes the data. */
  remove(): Promise<void>;
}

export const startFanoutSystem = async (dist: string): Promise<FanoutSystem> => {
  const folder = mkdtempSync(join(tmpdir(), 'voltrace-fanout-'));
  const ends: (() => Promise<unknown>)[] = [];
  const remove = async (): Promise<void> => {
    for (const end of ends.splice(0)) await end();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const cluster = await KafkaCluster.start(join(folder, 'kafka'));
    const { brokers } = cluster;
    const disks = new Disks();
    ends.unshift(async () => {
      disks.remove();
      await cluster.dispose();
    });
    // Frozen ones are replaced as early as the broker allows it, so that a round is over soon.
    const kafka = { KAFKA_BROKERS: brokers, KAFKA_SESSION_TIMEOUT_MS: '6000' };
    const limits = { RATE_LIMIT_PER_KEY: '1000000', RATE_LIMIT_PER_ADDRESS: '1000000' };
    const voltrace = await startVoltrace({ dist, env: { ...kafka, ...limits, ...disks.env } });
    ends.unshift(() => voltrace.remove());
    const { dataDir, api } = voltrace;
    const databaseUrl = databaseUrlOf(dataDir);
    const eventStoreUrl = eventStoreUrlOf(dataDir);
    const parts = { dist, dataDir, databaseUrl, eventStoreUrl, kafka };
    await until('the relay has made its topics', async () =>
      (await withAdmin(brokers, (admin) => admin.listTopics())).includes(facts),
    );
    const relay = await startRelay(parts);
    ends.unshift(() => relay.stop());
    const consumers = await startConsumers(parts);
    ends.unshift(() => consumers.stop());
    const seconds: Readonly<Record<string, number>> = {
      relay: relay.pid,
      consumers: consumers.pid,
    };
    return {
      voltrace,
      folder,
      remove,
      underTest: { api, brokers, databaseUrl, eventStoreUrl },
      victims: {
        voltrace,
        disks,
        cluster,
        pidsOf: (app, isKilled) => {
          const children = voltrace.children().filter(({ name }) => name === app);
          const pids = children.map(({ pid }) => pid);
          // Nobody would start the second ones again.
          const second = isKilled ? undefined : seconds[app];
          return second === undefined ? pids : [...pids, second];
        },
      },
    };
  } catch (error) {
    await remove();
    throw error;
  }
};
