import { logSource } from '#subscription/log-source.js';

import type { Transport } from './harness.js';

/** The source reads what is in the log. */
export const logTransport = (): Promise<Transport> =>
  Promise.resolve({
    name: 'log',
    source: ({ log, tail }) => logSource(log, tail),
    publish: () => Promise.resolve(),
    env: { SOURCE: 'log' },
    stop: () => Promise.resolve(),
  });
