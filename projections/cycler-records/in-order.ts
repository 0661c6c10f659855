import type { RecordColumns } from '#battery-lab/samples/events.js';
import { recordsOf } from '#battery-lab/samples/records-of.js';
import type { CyclerRecord } from '#cycling/record.js';

/** A chunk as it is read. */
export interface StoredChunk {
  readonly firstTestTimeS: number;
  /** Commit position in the log. */
  readonly position: bigint;
  readonly from: string;
  readonly columns: Omit<RecordColumns, 'channels'>;
  readonly channels: RecordColumns['channels'] | null;
}

/** A record with what else was measured, by names that end in the unit. */
export interface StoredRecord {
  readonly record: CyclerRecord;
  readonly channels: Readonly<Record<string, number>>;
  /** Commit position of its chunk. */
  readonly position: bigint;
}

/**
 * The records of chunks that come by their first test time, in the order of the test time; of those of one test time, first
 * those that came first. A cycler takes several at one test time where something is switched: they differ. Equal ones are the same
 * record, which has come again. Keeps the chunks in memory that overlap one another.
 */
export async function* recordsInOrder(
  chunks: AsyncIterable<StoredChunk>,
): AsyncGenerator<readonly StoredRecord[]> {
  let waiting: readonly StoredRecord[] = [];
  for await (const chunk of chunks) {
    // What follows is not before the first record of this chunk.
    const at = waiting.findIndex(({ record }) => record.testTimeS >= chunk.firstTestTimeS);
    const ready = at < 0 ? waiting : waiting.slice(0, at);
    if (ready.length > 0) yield withoutRepetitions(ready);
    waiting = merged(waiting.slice(ready.length), unfolded(chunk));
  }
  if (waiting.length > 0) yield withoutRepetitions(waiting);
}

const unfolded = ({ columns, channels, from, position }: StoredChunk): readonly StoredRecord[] => {
  const further = Object.entries(channels ?? {});
  return recordsOf({ ...columns, from, channels: {} }).map((record, row) => ({
    ...{ record, position },
    channels: Object.fromEntries(
      further.flatMap(([name, values]) => {
        const value = values[row];
        return value === undefined ? [] : [[name, value] as const];
      }),
    ),
  }));
};

/** Rows of one chunk keep their order: the sort is a stable one. */
const merged = (
  before: readonly StoredRecord[],
  next: readonly StoredRecord[],
): readonly StoredRecord[] => {
  const all = [...before, ...next];
  return all.every((one, at) => at === 0 || compared(all[at - 1] ?? one, one) <= 0)
    ? all
    : all.sort(compared);
};

const compared = (a: StoredRecord, b: StoredRecord): number =>
  a.record.testTimeS - b.record.testTimeS || Number(a.position - b.position);

const withoutRepetitions = (records: readonly StoredRecord[]): readonly StoredRecord[] => {
  let seen = new Set<string>();
  let testTimeS = NaN;
  return records.filter((one, at) => {
    const isAlone =
      one.record.testTimeS !== testTimeS &&
      one.record.testTimeS !== records[at + 1]?.record.testTimeS;
    if (one.record.testTimeS !== testTimeS) seen = new Set();
    ({ testTimeS } = one.record);
    if (isAlone) return true;
    const key = identityOf(one);
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
};

/** What tells records of one test time apart: all that they say of the battery. */
export const identityOf = ({ record, channels }: StoredRecord): string => {
  const { utcMs: _, ...said } = record;
  return JSON.stringify([Object.entries(said).sort(), Object.entries(channels).sort()]);
};
