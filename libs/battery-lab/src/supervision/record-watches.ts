import { isBeforeOff } from '../experiment/found-on.js';
import { hasEnded, isExecuted } from '../experiment/state.js';
import type { CyclerSamplesRecorded } from '../samples/events.js';
import { utcAt } from '../samples/records-of.js';
import { type RecordBreach, RecordWatch } from './record-watch.js';
import type { Supervisor } from './supervisor.js';

/** The watches over the records of all experiments. */
export class RecordWatches {
  private readonly watches = new Map<string, RecordWatch>();

  constructor(private readonly experiments: Supervisor['experiments']) {}

  /**
   * What is wrong in these records. What was so before the output was off last was seen to then: records that come
   * late, or again, trip no experiment that goes on since.
   */
  async take(records: CyclerSamplesRecorded): Promise<RecordBreach | undefined> {
    const { experimentId } = records;
    const breach = (await this.watchOf(experimentId))?.take(records);
    if (!breach) return undefined;
    const { state } = await this.experiments.refresh(experimentId);
    if (!isExecuted(state) || hasEnded(state)) return undefined;
    const first = { utcMs: Date.parse(records.from), testTimeS: records.testTimeS[0] ?? 0 };
    const isPast = (testTimeS: number): boolean =>
      isBeforeOff({ testTimeS, at: new Date(utcAt(testTimeS, first)).toISOString() }, state);
    if (!isPast(breach.testTimeS)) return breach;
    const pastS = state.endedAtS ?? records.testTimeS.findLast(isPast) ?? null;
    const since = new RecordWatch(state.request.limits, pastS);
    this.watches.set(experimentId, since);
    return since.take(records);
  }

  forget(experimentId: string): void {
    this.watches.delete(experimentId);
  }

  private async watchOf(experimentId: string): Promise<RecordWatch | undefined> {
    const known = this.watches.get(experimentId);
    if (known) return known;
    // The records of an import come by the thousand.
    if (this.experiments.cached(experimentId)?.state.status === 'imported') return undefined;
    const { state } = await this.experiments.refresh(experimentId);
    if (!isExecuted(state) || hasEnded(state)) return undefined;
    const watch = new RecordWatch(state.request.limits, state.endedAtS);
    this.watches.set(experimentId, watch);
    return watch;
  }
}
