import { join } from 'node:path';

import type { KafkaSettings } from '#fanout/kafka.js';
import { startKafkaBroker } from '#testing/kafka/broker.js';

import { type LogStores, startLogStores } from '../stores.js';

/** As kafkajs takes it. */
export interface Record_ {
  readonly key: string;
  readonly value: Buffer;
  readonly headers: Record<string, string>;
  readonly partition: number;
}

export interface BenchStores extends LogStores {
  readonly settings: KafkaSettings;
}

/** Postgres, event node and broker for one bench, on a folder of its own. */
export const startStores = async (dist: string): Promise<BenchStores> => {
  const stores = await startLogStores(dist);
  const broker = await startKafkaBroker({ folder: join(stores.dataDir, 'kafka') });
  return {
    ...stores,
    settings: {
      KAFKA_BROKERS: broker.brokers,
      KAFKA_NAMESPACE: undefined,
      KAFKA_TLS: 'off',
      KAFKA_SASL_MECHANISM: undefined,
      KAFKA_SASL_USERNAME: undefined,
      KAFKA_SASL_PASSWORD: undefined,
    },
    stop: async () => {
      await broker.stop();
      await stores.stop();
    },
  };
};
