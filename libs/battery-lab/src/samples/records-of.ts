import type { CyclerRecord } from '#cycling/record.js';

import type { CyclerSamplesRecorded, RecordColumns } from './events.js';

const optional = ['temperatureC', 'stepTimeS', 'chargeAh', 'dischargeAh'] as const;

/** Milliseconds of a test time; UTC is added to whole ones, so that it comes out the same by whatever record it is told. */
export const millis = (seconds: number): number => Math.round(seconds * 1_000);

/** Milliseconds since 1970, UTC, at a test time, by another time of the same clock. */
export const utcAt = (
  testTimeS: number,
  known: { readonly utcMs: number; readonly testTimeS: number },
): number => Math.round(known.utcMs) + millis(testTimeS) - millis(known.testTimeS);

/** The records of a chunk, in its order. */
export const recordsOf = (chunk: RecordColumns & Pick<CyclerSamplesRecorded, 'from'>) => {
  const first = { utcMs: Date.parse(chunk.from), testTimeS: chunk.testTimeS[0] ?? 0 };
  return chunk.testTimeS.map((testTimeS, row): CyclerRecord => {
    const at = (column: readonly number[]): number => column[row] ?? NaN;
    const more = optional.flatMap((name) => {
      const value = chunk[name]?.[row] ?? null;
      return value === null ? [] : [[name, value] as const];
    });
    return {
      ...{ testTimeS, utcMs: utcAt(testTimeS, first) },
      ...{ voltageV: at(chunk.voltageV), currentA: at(chunk.currentA) },
      ...{ stepCount: at(chunk.stepCount), stepId: at(chunk.stepId), cycle: at(chunk.cycle) },
      ...Object.fromEntries(more),
    };
  });
};

/** Records as columns; what no record has is no column. */
export const columnsOf = (records: readonly CyclerRecord[]): RecordColumns => {
  const column = (of: (record: CyclerRecord) => number): number[] => records.map(of);
  const known = optional.filter((name) => records.some((record) => record[name] !== undefined));
  return {
    testTimeS: column(({ testTimeS }) => testTimeS),
    stepCount: column(({ stepCount }) => stepCount),
    stepId: column(({ stepId }) => stepId),
    cycle: column(({ cycle }) => cycle),
    voltageV: column(({ voltageV }) => voltageV),
    currentA: column(({ currentA }) => currentA),
    ...Object.fromEntries(
      known.map((name) => [name, records.map((record) => record[name] ?? null)]),
    ),
    channels: {},
  };
};
