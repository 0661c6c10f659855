import { describe } from 'vitest';

import { describeWithKafka } from '#testing/kafka/describe-with-kafka.js';

import { deliveryCases } from './contract-suite/delivery-cases.js';
import { kafkaTransport } from './contract-suite/kafka-transport.js';
import { logTransport } from './contract-suite/log-transport.js';
import { asController } from './contract-suite/nest-adapter.js';
import { nestCases } from './contract-suite/nest-cases.js';

describe('a consumer in a Nest controller', () => {
  const options = { adapter: asController('a promise'), transport: logTransport };
  deliveryCases(options);
  nestCases(options);
});

describeWithKafka('a consumer in a Nest controller, on Kafka', () => {
  nestCases({ transport: kafkaTransport() });
});
