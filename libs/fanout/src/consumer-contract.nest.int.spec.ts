import { describe } from '@jest/globals';

import { describeWithKafka } from '#testing/kafka/describe-with-kafka.js';

import { deliveryCases } from './contract-suite/delivery-cases.js';
import { kafkaCarrier } from './contract-suite/kafka-carrier.js';
import { logCarrier } from './contract-suite/log-carrier.js';
import { nestCases } from './contract-suite/nest-cases.js';
import { asController } from './contract-suite/nest-plug.js';
import { poisonCases } from './contract-suite/poison-cases.js';

describe('a consumer in a Nest controller', () => {
  const options = { plug: asController('a promise'), carrier: logCarrier, everyStatement: 3 };
  deliveryCases(options);
  poisonCases(options);
  nestCases(options);
});

describeWithKafka('a consumer in a Nest controller, on Kafka', () => {
  nestCases({ carrier: kafkaCarrier() });
});
