import { defineConfig } from 'vitest/config';

import LongestFirst from './scripts/sequencer.mjs';

// Kinds of test are told apart by suffix: unit (`.spec`, no I/O), `.int.spec` (one real component),
// `.conformance.spec` (the event node through the real client), `.e2e.spec` (the public interface).
export default defineConfig({
  // What scripts/test.mjs compiled.
  root: process.env.VOLTRACE_COMPILED,
  test: {
    include: ['**/*.spec.js'],
    exclude: [],
    pool: 'forks',
    // A worker loads what is under test once for all its suites: loading takes longer than most suites do.
    isolate: false,
    // The files are loaded by Node as they are.
    experimental: { viteModuleRunner: false, nodeLoader: false },
    execArgv: ['--disable-warning=DEP0123'],
    // Many wait for a server or a broker most of the time.
    maxWorkers: 5,
    // What a test waits for has limits of its own, which say what did not come. This one is for what hangs.
    testTimeout: 240_000,
    hookTimeout: 240_000,
    reporters: ['default', new URL('scripts/summary-reporter.mjs', import.meta.url).pathname],
    sequence: { sequencer: LongestFirst },
  },
});
