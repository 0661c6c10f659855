// Runs the tests, compiled: `npm test [-- <part of a path> ...] [options of vitest]`.
import { spawn } from 'node:child_process';

import { compiled } from './compiled.mjs';

const words = process.argv.slice(2).map((word) => word.replace(/\.ts$/, '.js'));
const vitest = spawn(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', ...words], {
  stdio: 'inherit',
  env: { ...process.env, VOLTRACE_COMPILED: compiled() },
});
// The terminal sends it to the runner, too: this process ends after it.
process.on('SIGINT', () => undefined);
vitest.once('close', (code) => process.exit(code ?? 1));
