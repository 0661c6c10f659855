import { describe } from 'vitest';

import { controlCases } from './contract-suite/control-cases.js';
import { crashCases, deliveryCases } from './contract-suite/delivery-cases.js';
import { direct } from './contract-suite/harness.js';
import { logTransport } from './contract-suite/log-transport.js';
import { outageCases } from './contract-suite/outage-cases.js';
import { poisonCases } from './contract-suite/poison-cases.js';
import { processCases } from './contract-suite/process-cases.js';

describe('a consumer on the log', () => {
  const options = { adapter: direct, transport: logTransport };
  deliveryCases(options);
  crashCases(options);
  poisonCases(options);
  controlCases(options);
  processCases(options);
  outageCases(options);
});
