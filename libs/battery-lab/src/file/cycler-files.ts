import { type NumberedRecord, readNumberedRecords } from '#csv/records.js';
import type { CyclerRecord } from '#cycling/record.js';
import { Refusal } from '#kernel/refusal.js';
import { isTimeZone } from '#series/time-zone.js';

import { utcAt } from '../samples/records-of.js';
import { titleOf } from './fields.js';
import { type CyclerFile, type FileOptions, inspectCyclerFile } from './inspect-file.js';
import { type ReadRecord, RecordReader } from './record-reader.js';
import { type FileSummary, Findings, type ImportReport } from './report.js';
import { FoundCycles } from './steps-and-cycles.js';

export interface FileToRead {
  readonly path: string;
  /** As reports call it; the name in its path unless set. */
  readonly name?: string;
}

/** Records that are handed on at once. */
const batchRecords = 1_000;
/** Two readings of a clock that shows full seconds are of one record where they differ by less than this. */
const sameWallMs = 1_000;

/** What is added to the numbers of a file so that they go on where the file before ended. */
interface Offsets {
  readonly testTimeS: number;
  readonly stepCount: number;
  readonly cycle: number;
}

interface OpenFile {
  readonly file: CyclerFile;
  /** Its first record, for files that are stitched. */
  readonly first: ReadRecord | undefined;
  rows: number;
  records: number;
  overlapping: number;
}

/**
 * Opens the files of one test of one cell: several are stitched in the order of their clocks. Throws `Refusal`: what
 * `inspectCyclerFile` throws, `ZONE_UNKNOWN`, `CLOCK_MISSING` where files cannot be put in order.
 */
export const openCyclerFiles = async (
  files: readonly FileToRead[],
  options: FileOptions = {},
): Promise<CyclerFiles> => {
  if (options.zone !== undefined && !isTimeZone(options.zone)) {
    throw new Refusal('ZONE_UNKNOWN', 'unprocessable', `there is no time zone "${options.zone}"`);
  }
  const open: OpenFile[] = [];
  for (const { path, name } of files) {
    const file = await inspectCyclerFile(path, options, name);
    const first = files.length > 1 ? await firstRecord(file, options) : undefined;
    if (files.length > 1 && first?.wallMs === undefined) {
      throw new Refusal(
        'CLOCK_MISSING',
        'unprocessable',
        `"${file.name}" has no record with a clock, so that it cannot be stitched to the other files`,
      );
    }
    open.push({ file, first, rows: 0, records: 0, overlapping: 0 });
  }
  open.sort((a, b) => (a.first?.wallMs ?? 0) - (b.first?.wallMs ?? 0));
  return new CyclerFiles(open, options);
};

const rowsOf = async function* (
  { path, encoding, delimiter, header }: CyclerFile,
  { signal }: FileOptions,
): AsyncGenerator<NumberedRecord> {
  for await (const row of readNumberedRecords({ source: path, encoding, delimiter, signal })) {
    if (row.line > header.line) yield row;
  }
};

const firstRecord = async (
  file: CyclerFile,
  options: FileOptions,
): Promise<ReadRecord | undefined> => {
  const reader = new RecordReader(file, new Findings(), new FoundCycles(), options.zone);
  for await (const row of rowsOf(file, options)) {
    const read = reader.read(row);
    if (read) return read;
  }
  return undefined;
};

/** The files of one test: their records once, in order, and what is to be said of them. */
export class CyclerFiles {
  private readonly findings = new Findings();
  private readonly found = new FoundCycles();
  private cycles: ImportReport['cycles'] = 'file';
  private firstReader: RecordReader | undefined;
  private firstTaken: ReadRecord | undefined;
  private last: CyclerRecord | undefined;
  /** How the next file goes on, once its first record was found in this one. */
  private next: Offsets | undefined;

  constructor(
    private readonly files: readonly OpenFile[],
    private readonly options: FileOptions,
  ) {}

  /** The records in batches, with flat memory. Test time, step count and cycle go on from file to file. To be read once. */
  async *records(): AsyncGenerator<readonly CyclerRecord[], undefined, undefined> {
    let batch: CyclerRecord[] = [];
    for (const [index, open] of this.files.entries()) {
      const reader = new RecordReader(open.file, this.findings, this.found, this.options.zone);
      this.firstReader ??= reader;
      const following = this.files[index + 1]?.first;
      const offsets = index === 0 ? noOffsets : (this.next ?? this.offsetsByClock(open));
      this.next = undefined;
      for await (const row of rowsOf(open.file, this.options)) {
        open.rows += 1;
        const read = reader.read(row);
        if (!read) continue;
        const record = this.continued(read, offsets, index > 0, reader);
        if (open.records === 0 && this.last && record.testTimeS <= this.last.testTimeS + 1e-6) {
          open.overlapping += 1;
          continue;
        }
        open.records += 1;
        this.firstTaken ??= read;
        this.last = record;
        if (following && !this.next) this.next = offsetsByRecord(read, record, following);
        batch.push(record);
        if (batch.length < batchRecords) continue;
        yield batch;
        batch = [];
      }
      if (reader.numbers.cycles === 'steps') this.cycles = 'steps';
    }
    if (batch.length > 0) yield batch;
  }

  /** Whose cycles they are by the headers alone: a count that cannot be followed is found out by reading. */
  get expectedCycles(): ImportReport['cycles'] {
    return this.files.every(({ file }) => file.header.columns.cycle) ? 'file' : 'steps';
  }

  /** What is to be said of the files, as far as they were read. */
  report(): ImportReport {
    const sum = (of: (open: OpenFile) => number): number =>
      this.files.reduce((all, open) => all + of(open), 0);
    const started = this.firstReader?.clock.started();
    return {
      files: this.files.map(summaryOf),
      records: sum(({ records }) => records),
      overlapping: sum(({ overlapping }) => overlapping),
      ...this.findings.found(),
      cycles: this.cycles,
      start: this.startOf(started),
      zone: this.options.zone ?? null,
    };
  }

  private startOf(started: { readonly ms: number; readonly utc: boolean } | undefined) {
    if (started?.utc === false) {
      return { local: new Date(started.ms).toISOString().replace('Z', '') };
    }
    const { utcMs, testTimeS = 0 } = this.firstTaken?.record ?? {};
    const ms = started?.ms ?? (utcMs === undefined ? undefined : utcAt(0, { utcMs, testTimeS }));
    return ms === undefined ? null : { utcMs: Math.round(ms) };
  }

  private continued(
    { record }: ReadRecord,
    { testTimeS, stepCount, cycle }: Offsets,
    isLater: boolean,
    { numbers }: RecordReader,
  ): CyclerRecord {
    if (!isLater) return record;
    const time = record.testTimeS + testTimeS;
    const utcMs = this.firstReader?.clock.utcAt(time) ?? record.utcMs;
    return {
      ...record,
      testTimeS: time,
      ...(utcMs !== undefined && { utcMs }),
      stepCount: record.stepCount + stepCount,
      // Cycles that are found are found over all files.
      cycle: record.cycle + (numbers.cycles === 'steps' ? 0 : cycle),
    };
  }

  /** A file whose first record no file before has goes on after the time that both clocks show. */
  private offsetsByClock({ file, first }: OpenFile): Offsets {
    const { last } = this;
    if (!first || !last || !this.firstTaken) return noOffsets;
    const elapsedS = ((first.wallMs ?? 0) - (this.firstTaken.wallMs ?? 0)) / 1000;
    const beganS = this.firstTaken.record.testTimeS + elapsedS;
    const { record } = first;
    if (beganS <= last.testTimeS) {
      const message =
        'its clock overlaps with the file before, which lacks its first record: what that file covers is left out';
      this.findings.warn(file.name, 'overlap', file.header.line, message);
    }
    // A step that is older than the file began in the one before.
    const goesOn = record.stepId === last.stepId && (record.stepTimeS ?? 0) > record.testTimeS + 1;
    return {
      testTimeS: beganS - record.testTimeS,
      stepCount: last.stepCount - record.stepCount + (goesOn ? 0 : 1),
      cycle: last.cycle - record.cycle + (goesOn ? 0 : 1),
    };
  }
}

const noOffsets: Offsets = { testTimeS: 0, stepCount: 0, cycle: 0 };

/** Offsets of the next file, where a record of this one is the first of that one. */
const offsetsByRecord = (
  { wallMs, record: own }: ReadRecord,
  record: CyclerRecord,
  { wallMs: nextWallMs, record: first }: ReadRecord,
): Offsets | undefined => {
  if (wallMs === undefined || Math.abs(wallMs - (nextWallMs ?? 0)) >= sameWallMs) return undefined;
  const isSame =
    own.voltageV === first.voltageV &&
    own.currentA === first.currentA &&
    own.stepId === first.stepId;
  if (!isSame) return undefined;
  return {
    testTimeS: record.testTimeS - first.testTimeS,
    stepCount: record.stepCount - first.stepCount,
    cycle: record.cycle - first.cycle,
  };
};

const summaryOf = ({ file, rows, records, overlapping }: OpenFile): FileSummary => {
  const { layout, columns, titles } = file.header;
  const used = new Set(Object.values(columns).map(({ at }) => at));
  return {
    name: file.name,
    layout: layout.name,
    encoding: file.encoding,
    columns: Object.entries(columns).map(([as, { title, unit }]) => ({
      column: title,
      as,
      unit: unit ?? titleOf(title).unit ?? '',
    })),
    ignored: titles.filter((title, at) => title !== '' && !used.has(at)),
    rows,
    records,
    overlapping,
  };
};
