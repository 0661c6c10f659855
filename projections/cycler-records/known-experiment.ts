import { unknownExperiment } from '#battery-lab/experiment/refusals.js';
import type { Position } from '#event-log/event-log.js';
import type { ReadStore } from '#read-store/read-store.js';
import { type Owner, requireOwner } from '#resource/belonging-to.js';
import { waitUntilHandled } from '#subscription/wait-until-handled.js';

import { cyclerRecordsConsumer } from './consumer.js';

/** Whose rows are shown. */
export const experimentOwning = (id: string): Owner => ({
  ...{ table: 'lab_records.known_experiment', id, column: 'experiment_id' },
  unknown: unknownExperiment,
});

/** Resolves once the tables hold what lies up to `after`. */
export const handled = async (store: ReadStore, after: Position | undefined): Promise<void> => {
  if (after) await waitUntilHandled(store, cyclerRecordsConsumer, after);
};

/** As `handled`; throws a `Refusal` where there is no such experiment. */
export const requireExperiment = async (
  store: ReadStore,
  id: string,
  after: Position | undefined,
): Promise<void> => {
  await handled(store, after);
  await requireOwner(store, experimentOwning(id));
};
