import type { CyclerRecord } from '#cycling/record.js';

import type { CyclerSamplesRecorded } from '../samples/events.js';
import { columnsOf, utcAt } from '../samples/records-of.js';
import { sha256 } from '../sha256.js';

export type ImportedChunk = Omit<CyclerSamplesRecorded, 'experimentId' | 'seen'>;

export const mostRecords = 1_000;

/**
 * Cuts the records of a test into chunks of one UTC day and at most `mostRecords`, by the records alone: however they
 * come in batches, the chunks are the same. Records of one test time are not torn apart. `startMs` is when the test
 * time was zero, in milliseconds since 1970.
 */
export const chunksOf = async function* (
  batches: AsyncIterable<readonly CyclerRecord[]>,
  startMs: number,
): AsyncGenerator<ImportedChunk> {
  const utcOf = ({ testTimeS }: CyclerRecord): string =>
    new Date(utcAt(testTimeS, { utcMs: startMs, testTimeS: 0 })).toISOString();
  const chunkOf = (records: readonly CyclerRecord[]): ImportedChunk => {
    const [first, last] = [records[0], records.at(-1)];
    if (!first || !last) throw new Error('a chunk has at least one record');
    const extent = { from: utcOf(first), to: utcOf(last), count: records.length };
    const chunk = { ...extent, ...columnsOf(records) };
    return { ...chunk, hash: sha256(JSON.stringify(chunk)) };
  };
  let waiting: CyclerRecord[] = [];
  let day = '';
  for await (const batch of batches) {
    for (const record of batch) {
      const on = utcOf(record).slice(0, 10);
      const cut = on === day ? cutBefore(waiting, record) : waiting.length;
      day = on;
      if (cut > 0) {
        yield chunkOf(waiting.slice(0, cut));
        waiting = waiting.slice(cut);
      }
      waiting.push(record);
    }
  }
  if (waiting.length > 0) yield chunkOf(waiting);
};

/** How many of the records go before the next one comes; 0 while there is room. */
const cutBefore = (waiting: readonly CyclerRecord[], { testTimeS }: CyclerRecord): number => {
  if (waiting.length < mostRecords) return 0;
  const sameTime = waiting.findIndex((one) => one.testTimeS === testTimeS);
  return sameTime > 0 ? sameTime : waiting.length;
};
