import type { ReadStore, StoreLogger } from '#read-store/read-store.js';
import { isStoreFault } from '#read-store/store-errors.js';

import { notedEnds } from './checkpoints.js';
import { pollPace } from './pace.js';
import type { StatusCollector } from './status.js';
import { notedStates, type SubscriptionKey } from './subscription-row.js';

/** How often the table learns the state: where something changed, and at all. */
const noteMs = 1_000;
const signOfLifeMs = 5_000;

export interface NotesParts {
  readonly store: ReadStore;
  readonly key: SubscriptionKey;
  readonly collector: StatusCollector;
  readonly logger: StoreLogger;
  /** Writes down how far was passed over what had not to be handled. */
  readonly persist: () => Promise<void>;
}

/** Records the state of a subscription in the table. Best effort: nothing waits for it. */
export class Notes {
  constructor(private readonly parts: NotesParts) {}

  async keep(signal: AbortSignal): Promise<void> {
    const { store, collector } = this.parts;
    let noted = -1;
    let notedAt = -Infinity;
    while (!signal.aborted) {
      const { changes } = collector;
      if (changes !== noted || performance.now() - notedAt >= signOfLifeMs) {
        const done = await this.note();
        if (done) [noted, notedAt] = [changes, performance.now()];
      }
      await pollPace(store).next(noteMs, signal);
    }
    collector.waits('process', 'its process was stopped');
    await this.note();
  }

  private async note(): Promise<boolean> {
    const { store, key, collector, logger, persist } = this.parts;
    try {
      await persist();
      const { state, reason } = collector.status();
      const seen = notedEnds(store).of(collector.seenEnds());
      await Promise.all([notedStates(store).of({ ...key, state, reason }), seen]);
      return true;
    } catch (error) {
      if (!isStoreFault(error)) {
        const fields = { subscription: key.name, err: error };
        logger.warn(fields, 'the state of the subscription could not be recorded');
      }
      return false;
    }
  }
}
