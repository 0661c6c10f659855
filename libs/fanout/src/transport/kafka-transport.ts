import type { Contract } from '../contract.js';
import { kafkaClient, type KafkaLogger, type KafkaSettings } from '../kafka.js';
import { KafkaReader, type KafkaReaderOptions } from './kafka-reader.js';
import type { Transport } from './transport.js';

export type KafkaTransportOptions = Partial<KafkaReaderOptions>;

/** Apache Kafka as the transport. `contracts` say which topics there are. */
export const kafkaTransport = (
  settings: KafkaSettings,
  contracts: readonly Contract[],
  logger: KafkaLogger,
  options: KafkaTransportOptions = {},
): Transport => ({
  name: 'kafka',
  knows: (topic) => contracts.some((contract) => contract.topic === topic),
  run: async (context, signal) => {
    const kafka = kafkaClient(settings, `voltrace-${context.consumer}`, logger);
    await new KafkaReader(kafka, settings, context, options).run(signal);
  },
});
