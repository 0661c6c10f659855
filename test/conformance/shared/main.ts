import { spawn } from 'node:child_process';
import { once } from 'node:events';

import { startStore } from '../store.js';
import { startWriters } from './writers.js';

/**
 * The suite against a node that others write to meanwhile, as against a server that is named:
 * `npm run conformance:shared [-- --as-a-server] [options of vitest]`.
 */
const asServer = process.argv.includes('--as-a-server');
const options = process.argv.slice(2).filter((argument) => argument !== '--as-a-server');

// The terminal sends it to the tests, too: this process ends after them.
process.on('SIGINT', () => undefined);

// What is started lets this process end before it.
setInterval(() => undefined, 60_000);

const store = await startStore(asServer ? { EVENT_NODE_ANSWERS: 'as-a-server' } : {});
const writers = startWriters(store);
const args = ['scripts/test.mjs', '.conformance.spec', ...options];
const tests = spawn(process.execPath, args, {
  stdio: 'inherit',
  env: {
    ...process.env,
    EVENTSTORE_URL: store.url,
    CONFORMANCE_EXPECT: asServer ? 'server' : 'node',
  },
});
const [code] = (await once(tests, 'close')) as [number | null];
const { events } = await writers.stop();
await store.stop();
// Silent otherwise, so that the summary of the tests stays the last line.
if (events === 0) console.error('nobody else could write to the node meanwhile');
process.exit(events === 0 ? 1 : (code ?? 1));
