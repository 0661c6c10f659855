import { kafkaClient } from '#fanout/kafka.js';

import type { Row } from '../report.js';
import { benchLogger as logger } from '../stores.js';
import { appendProducts, eventsPerProduct } from '../synthetic-log.js';
import { bareConsumerRate, consumerMemory, consumerRate, consumerRows } from './consumer.js';
import { producerRate, recordsOf, relayRate, relayRow } from './relay.js';
import { startStores } from './stores.js';

/** The relay and a consumer, each beside bare kafkajs on the same broker and the same records. */
export const benchFanout = async (dist: string, events: number): Promise<Row[]> => {
  const stores = await startStores(dist);
  const { settings, log } = stores;
  try {
    await appendProducts(log, Math.round(events / eventsPerProduct));
    const records = await recordsOf(log);
    const kafka = kafkaClient(settings, 'bench-bare', logger);
    const bare = await producerRate(kafka, settings, records);
    const relay = await relayRate(dist, stores, records.length);
    const bareReading = await bareConsumerRate(kafka, records.length);
    const consumer = await consumerRate(stores, records.length);
    const memory = await consumerMemory(dist, stores, records.length);
    return [
      relayRow(relay, bare, records.length),
      ...consumerRows(consumer, bareReading, memory, records.length),
    ];
  } finally {
    await stores.stop();
  }
};
