import { resolve } from 'node:path';
import { parseArgs } from 'node:util';

import { startVoltrace } from '../support/voltrace.js';
import { readCodes, readOperations } from './document.js';
import { fuzz, reportLines } from './fuzz.js';

/**
 * Hostile requests made from the OpenAPI document, sent to a whole system of its own:
 * `npm run fuzz -- [--seed 1] [--requests 100000] [--concurrency 16]`. Ends with 1 where an answer is
 * not one of those that are documented. The same seed makes the same choices; what they meet depends
 * on the order in which the answers come.
 */
const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    requests: { type: 'string', default: '100000' },
    concurrency: { type: 'string', default: '16' },
  },
});
const [seed, requests, concurrency] = [values.seed, values.requests, values.concurrency].map(
  Number,
);
const voltrace = await startVoltrace({
  dist: resolve('dist'),
  env: { RATE_LIMIT_PER_KEY: '0', RATE_LIMIT_PER_ADDRESS: '0' },
});
const admin = voltrace.api.key;
const others = await Promise.all(
  ['viewer', 'curator', 'auditor', 'operator'].map((role) => voltrace.api.newKey(role)),
);
const began = performance.now();
const report = await fuzz({
  url: voltrace.api.url,
  operations: readOperations('docs/openapi.json'),
  codes: readCodes('docs/problems.generated.md'),
  keys: [admin, admin, admin, admin, ...others, ''],
  seed: seed ?? 1,
  requests: requests ?? 0,
  concurrency: concurrency ?? 1,
  onProgress: (sent) => {
    if (sent % 10_000 === 0) console.log(`${String(sent)} sent`);
  },
});
const alive = (await voltrace.api.get('/health/live')).status === 200;
console.log(reportLines(report).join('\n'));
if (!alive) console.log('the API does not answer any more');
const took = ((performance.now() - began) / 1000).toFixed(1);
const failed = report.faults.size + (alive ? 0 : 1);
console.log(
  `fuzz: seed ${values.seed}, ${values.requests} requests in ${took} s, ${String(failed)} kinds of faults`,
);
await voltrace.remove();
process.exit(failed > 0 ? 1 : 0);
