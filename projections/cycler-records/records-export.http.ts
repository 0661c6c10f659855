import type { FastifyReply } from 'fastify';

import { bdfHeader, bdfRows } from '#battery-lab/file/bdf-writer.js';
import { sendLines } from '#http/export.js';
import { sendTable, type TableFormat, type TableRow } from '#http/table-export.js';
import type { ResourceReader } from '#resource/reader.js';
import { fromSnapshot } from '#resource/snapshot.js';
import type { Queryable } from '#resource/sql.js';

import { type ExperimentMetadata, metadataOf } from './experiment-metadata.js';
import type { StoredRecord } from './in-order.js';
import { readRecords, type RecordRange } from './read-records.js';
import { channelsOf, recordColumns, recordRow, tableColumnsOf } from './record-columns.js';

export type RecordsFormat = TableFormat | 'bdf';

export interface Exported {
  readonly id: string;
  readonly format: RecordsFormat;
  readonly rangeOf: (client: Queryable) => Promise<RecordRange | undefined>;
}

/** Answers with all records of a range as a file, read from one snapshot. */
export const sendRecords = async (
  reply: FastifyReply,
  { store, folds }: ResourceReader,
  { id, format, rangeOf }: Exported,
): Promise<void> => {
  const metadata = await metadataOf(folds, id);
  const channels = format === 'bdf' ? [] : await channelsOf(store.pool, id);
  const batches = fromSnapshot(store.pool, (client) => allOf(client, id, rangeOf, format));
  const filename = `${fileNameOf(id, metadata)}.${format === 'bdf' ? 'bdf.csv' : format}`;
  if (format === 'bdf') {
    sendLines(reply, bdfLines(batches), { format: 'csv', filename });
    return;
  }
  const columns = recordColumns(channels);
  const told = withColumns(metadata, columns);
  sendTable(reply, rowsOf(batches), tableColumnsOf(columns), {
    ...{ filename, format },
    metadata: Object.fromEntries(
      Object.entries(told).map(([name, value]) => [
        name,
        typeof value === 'string' ? value : JSON.stringify(value),
      ]),
    ),
  });
};

/** With what is said of the columns, without the types of one format. */
export const withColumns = (
  metadata: ExperimentMetadata,
  columns: ReturnType<typeof recordColumns>,
) => ({
  ...metadata,
  timeZone: 'UTC',
  columns: columns.map(({ name, unit, about }) => ({ name, unit, about })),
});

async function* allOf(
  client: Queryable,
  id: string,
  rangeOf: Exported['rangeOf'],
  format: RecordsFormat,
): AsyncGenerator<readonly StoredRecord[]> {
  const range = await rangeOf(client);
  if (range) yield* readRecords(client, id, range, { channels: format !== 'bdf' });
}

async function* bdfLines(batches: AsyncIterable<readonly StoredRecord[]>): AsyncGenerator<string> {
  yield bdfHeader;
  for await (const batch of batches) yield bdfRows(batch.map(({ record }) => record));
}

async function* rowsOf(batches: AsyncIterable<readonly StoredRecord[]>): AsyncGenerator<TableRow> {
  for await (const batch of batches) yield* batch.map(recordRow);
}

const mostOfName = 60;
const ofExperiment = 8;

/**
 * As files of battery data are named, `voltrace__<battery>__<day>_<experiment>`: by the serial number, the day on which it
 * began, and the beginning of the experiment's id, since a battery may be tested more than once a day.
 */
const fileNameOf = (id: string, { battery, experiment }: ExperimentMetadata): string => {
  const serial = (textOf(battery['serialNumber']) || textOf(battery['id'])).slice(0, mostOfName);
  const day = textOf(experiment['startedAt']).slice(0, 10).replaceAll('-', '');
  return `voltrace__${serial.replaceAll(/[^\w-]/g, '-')}__${day || '00000000'}_${id.slice(0, ofExperiment)}`;
};

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
