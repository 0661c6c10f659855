import { setTimeout as sleep } from 'node:timers/promises';

import { migrate } from './migrate.js';
import type { StoreLogger } from './read-store.js';
import { isStoreFault } from './store-errors.js';

const retryMs = 1_000;

/** As `migrate`, and waits for a store that does not answer yet for as long as it takes. */
export const migrateWhenPossible = async (url: string, logger: StoreLogger): Promise<void> => {
  for (;;) {
    try {
      await migrate(url, { logger });
      return;
    } catch (error) {
      if (!isStoreFault(error)) throw error;
      logger.warn({ error }, 'the read store does not answer yet');
      await sleep(retryMs);
    }
  }
};
