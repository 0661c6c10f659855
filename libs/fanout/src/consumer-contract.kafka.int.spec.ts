import { describeWithKafka } from '#testing/kafka/describe-with-kafka.js';

import { controlCases } from './contract-suite/control-cases.js';
import { crashCases, deliveryCases } from './contract-suite/delivery-cases.js';
import { direct } from './contract-suite/harness.js';
import { kafkaTransport } from './contract-suite/kafka-transport.js';
import { outageCases } from './contract-suite/outage-cases.js';
import { poisonCases } from './contract-suite/poison-cases.js';
import { processCases } from './contract-suite/process-cases.js';

describeWithKafka('a consumer on Kafka', () => {
  const options = { adapter: direct, transport: kafkaTransport(), everyStatement: 3 };
  deliveryCases(options);
  crashCases(options);
  poisonCases(options);
  controlCases(options);
  processCases(options);
  outageCases(options);
});
