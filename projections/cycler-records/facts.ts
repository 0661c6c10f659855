import type { EventData } from '#battery-lab/experiment/events.js';
import type { CyclerSamplesRecorded } from '#battery-lab/samples/events.js';
import { type Program, stepsOf } from '#cycling/program/program.js';
import { recordRuleOf } from '#cycling/program/set-point.js';
import type { CycleDefinition } from '#cycling/statistics/options.js';
import type { Fact } from '#fanout/fact.js';

/** What a fact changes of what is known of an experiment; what it does not name stays. */
export interface ExperimentChange {
  readonly id: string;
  readonly nominalCapacityAh?: number;
  readonly longestIntervalS?: number;
  readonly cycle?: CycleDefinition;
  readonly hasEnded?: true;
}

type Columns = Omit<CyclerSamplesRecorded, 'seen'>;

/** The records of a fact, as they are stored. */
export interface Chunk {
  readonly experimentId: string;
  readonly hash: string;
  /** Commit position in the log. */
  readonly position: string;
  readonly firstTestTimeS: number;
  readonly lastTestTimeS: number;
  readonly from: string;
  readonly records: number;
  readonly firstStep: number;
  readonly lastStep: number;
  readonly channels: readonly string[];
  readonly columns: string;
  readonly channelColumns: string | null;
}

const typeOf = (fact: Fact): string | undefined =>
  /^voltrace\.battery-lab\.(\w+)\.v\d+$/.exec(fact.type)?.[1];

/** Enough to tell the chunks of an experiment apart. */
const hashCharacters = 16;

/** The records that the facts hold. */
export const chunksIn = (facts: readonly Fact[]): readonly Chunk[] =>
  facts
    .filter((fact) => typeOf(fact) === 'CyclerSamplesRecorded')
    .map((fact) => chunkOf(fact.data as unknown as Columns, fact.position.commit.toString()));

const chunkOf = (data: Columns, position: string): Chunk => {
  const { experimentId, hash, from, channels, to: _, count: __, ...columns } = data;
  const names = Object.keys(channels);
  const [firstTestTimeS, lastTestTimeS] = extentOf(columns.testTimeS);
  const [firstStep, lastStep] = extentOf(columns.stepCount);
  return {
    ...{ experimentId, hash: hash.slice(0, hashCharacters), position, from },
    ...{ firstTestTimeS, lastTestTimeS, firstStep, lastStep },
    ...{ records: columns.testTimeS.length, channels: names },
    columns: JSON.stringify(columns),
    channelColumns: names.length === 0 ? null : JSON.stringify(channels),
  };
};

const extentOf = (values: readonly number[]): readonly [number, number] => {
  let [least, most] = [Infinity, -Infinity];
  for (const value of values) [least, most] = [Math.min(least, value), Math.max(most, value)];
  return [least, most];
};

/** What the facts say of experiments, in their order. */
export const changesIn = (facts: readonly Fact[]): readonly ExperimentChange[] =>
  facts.flatMap((fact) => {
    const [, id] = /^experiment-(.+)$/.exec(fact.stream) ?? [];
    const change = id === undefined ? undefined : changeBy(fact);
    return id === undefined || !change ? [] : [{ id, ...change }];
  });

const changeBy = (fact: Fact): Omit<ExperimentChange, 'id'> | undefined => {
  switch (typeOf(fact)) {
    case 'ExperimentQueued': {
      const { nominalCapacityAh, program } = fact.data as unknown as EventData<'ExperimentQueued'>;
      const longestIntervalS = longestIntervalOf(program as Program);
      return { nominalCapacityAh, longestIntervalS, cycle: 'recorded' };
    }
    case 'ExperimentImportRequested': {
      const data = fact.data as unknown as EventData<'ExperimentImportRequested'>;
      const { nominalCapacityAh, cycles } = data;
      return { nominalCapacityAh, cycle: cycleOf(cycles) };
    }
    case 'ExperimentImported': {
      const { cycles } = fact.data as unknown as EventData<'ExperimentImported'>;
      return { cycle: cycleOf(cycles), hasEnded: true };
    }
    case 'ExperimentImportFailed':
    case 'ExperimentImportCancelled':
    case 'ExperimentCompleted':
    case 'ExperimentAborted':
    case 'ExperimentFailed':
      return { hasEnded: true };
    default:
      return undefined;
  }
};

const cycleOf = (cycles: 'file' | 'steps' | undefined): CycleDefinition =>
  cycles === 'steps' ? 'as-begun' : 'recorded';

/** Units read their sensors less often than this at their own risk, s. */
const slowestUnitS = 15;

/**
 * Seconds between two records that are too many for the program. A unit is late by as long as it takes between two readings:
 * what is not much longer than its rule asks for is integrated, rather than lost.
 */
const longestIntervalOf = (program: Program): number => {
  const rules = stepsOf(program.steps).map((step) => recordRuleOf(program, step).everyS);
  return Math.max(slowestUnitS, 3 * Math.max(0, ...rules));
};
