// Kinds of test, told apart by suffix: unit (no I/O), int (one real component),
// conformance (the event node through the real client), e2e (the public interface).
const shared = {
  testEnvironment: 'node',
  testEnvironmentOptions: { customExportConditions: ['source', 'node', 'node-addons'] },
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': '@swc/jest' },
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  modulePathIgnorePatterns: ['<rootDir>/dist/'],
  injectGlobals: false,
};

const kinds = {
  unit: {
    testMatch: ['**/*.spec.ts'],
    testPathIgnorePatterns: ['/node_modules/', '\\.(int|e2e|conformance)\\.spec\\.ts$'],
  },
  int: { testMatch: ['**/*.int.spec.ts'] },
  conformance: { testMatch: ['**/*.conformance.spec.ts'] },
  e2e: { testMatch: ['**/*.e2e.spec.ts'] },
};

export default {
  // What a test waits for has limits of its own, which say what did not come. This one is for what hangs.
  testTimeout: 240_000,
  reporters: ['default', '<rootDir>/scripts/summary-reporter.mjs'],
  testSequencer: '<rootDir>/scripts/sequencer.mjs',
  // Many wait for a server or a broker most of the time.
  maxWorkers: 4,
  projects: Object.entries(kinds).map(([displayName, kind]) => ({
    ...shared,
    ...kind,
    displayName,
  })),
};
