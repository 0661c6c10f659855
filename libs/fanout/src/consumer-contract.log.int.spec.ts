import { describe } from '@jest/globals';

import { controlCases } from './contract-suite/control-cases.js';
import { deliveryCases } from './contract-suite/delivery-cases.js';
import { logCarrier } from './contract-suite/log-carrier.js';
import { outageCases } from './contract-suite/outage-cases.js';
import { poisonCases } from './contract-suite/poison-cases.js';
import { processCases } from './contract-suite/process-cases.js';
import { plainly } from './contract-suite/world.js';

describe('a consumer on the log', () => {
  const options = { plug: plainly, carrier: logCarrier };
  deliveryCases(options);
  poisonCases(options);
  controlCases(options);
  processCases(options);
  outageCases(options);
});
