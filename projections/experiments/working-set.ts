import type { StoredEvent } from '#event-log/event-log.js';
import { rowsById } from '#read-store/rows-by-id.js';
import type { ProjectionClient } from '#subscription/projection/projection.js';

import {
  type BatteryRow,
  type DocumentRow,
  type ExperimentsWork,
  type RejectedRow,
  type StepRow,
  stepRowId,
} from './rows.js';

const experiments = rowsById<DocumentRow>('experiments');
const steps = rowsById<StepRow>('steps');
const rejected = rowsById<RejectedRow>('rejected_rows');
const alarms = rowsById<DocumentRow>('alarms');
const batteries = rowsById<BatteryRow>('batteries');

const of = (events: readonly StoredEvent[], category: string): readonly StoredEvent[] =>
  events.filter(({ stream }) => stream.startsWith(`${category}-`));

/** Each event names a row of its own; the end of a step also that of the step. */
export const loadWork = async (
  client: ProjectionClient,
  events: readonly StoredEvent[],
): Promise<ExperimentsWork> => {
  const ended = events.flatMap(({ type, stream, data }) => {
    if (type !== 'StepEnded') return [];
    const { stepCount } = data as unknown as { readonly stepCount: number };
    // `rowsById` finds a row by the name of a stream.
    return [{ stream: `row-${stepRowId(stream.slice(stream.indexOf('-') + 1), stepCount)}` }];
  });
  return {
    experiments: await experiments.load(client, of(events, 'experiment')),
    steps: await steps.load(client, ended),
    // Each is written once.
    rejected: new Map(),
    alarms: await alarms.load(client, of(events, 'cyclerAlarm')),
    batteries: await batteries.load(client, of(events, 'battery')),
  };
};

export const saveWork = async (client: ProjectionClient, work: ExperimentsWork): Promise<void> => {
  await experiments.save(client, work.experiments);
  await steps.save(client, work.steps);
  await rejected.save(client, work.rejected);
  await alarms.save(client, work.alarms);
  await batteries.save(client, work.batteries);
};
