import { describeWithKafka } from '#testing/kafka/describe-with-kafka.js';

import { controlCases } from './contract-suite/control-cases.js';
import { deliveryCases } from './contract-suite/delivery-cases.js';
import { kafkaCarrier } from './contract-suite/kafka-carrier.js';
import { outageCases } from './contract-suite/outage-cases.js';
import { poisonCases } from './contract-suite/poison-cases.js';
import { processCases } from './contract-suite/process-cases.js';
import { plainly } from './contract-suite/world.js';

describeWithKafka('a consumer on Kafka', () => {
  const options = { plug: plainly, carrier: kafkaCarrier(), everyStatement: 3 };
  deliveryCases(options);
  poisonCases(options);
  controlCases(options);
  processCases(options);
  outageCases(options);
});
