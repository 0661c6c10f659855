import { logTransport } from '../transport/log-transport.js';
import type { Carrier } from './world.js';

/** The log is where the facts are. */
export const logCarrier = (): Promise<Carrier> =>
  Promise.resolve({
    name: 'log',
    transport: ({ log, tail, publication }) => logTransport(log, tail, publication),
    bring: () => Promise.resolve(),
    env: { TRANSPORT: 'log' },
    stop: () => Promise.resolve(),
  });
