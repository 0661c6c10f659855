import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';

import { formatPosition } from '#event-log/position.js';

import { absenceKinds, rowOutcomes } from './events.js';
import type { ImportStanding } from './imports.js';
import {
  absenceCountsOf,
  acceptedCountsOf,
  countsOf,
  importStatuses,
  isBeingCancelled,
  waitingCountOf,
} from './state.js';

export class ImportRowsResponse {
  @ApiProperty({
    type: Number,
    nullable: true,
    description: 'Data records of the file; null until it was read.',
  })
  total!: number | null;
  @ApiProperty() accepted!: number;
  @ApiProperty({ description: 'Accepted rows that registered what they are about.' }) new!: number;
  @ApiProperty({
    description:
      'Accepted rows that changed what they are about. Rows of runs before this was recorded are neither.',
  })
  changed!: number;
  @ApiProperty() unchanged!: number;
  @ApiProperty() rejected!: number;
  @ApiProperty() needsReview!: number;
}

class ImportFailureResponse {
  @ApiProperty({ example: 'COLUMN_MISSING' }) code!: string;
  @ApiProperty() reason!: string;
}

export class UnreadColumnResponse {
  @ApiProperty({ description: 'As written; which one it is where it has no title.' })
  title!: string;
  @ApiProperty({ description: 'Rows that have a value in it.' }) rows!: number;
}

class ImportLayoutResponse {
  @ApiProperty({ example: 'cec-batteries' }) name!: string;
  @ApiProperty({ example: 'utf-8' }) encoding!: string;
  @ApiProperty({ example: ';' }) delimiter!: string;
  @ApiProperty({ example: '.' }) decimalMark!: string;
  @ApiProperty({ type: [String], description: 'Columns that the layout does not know.' })
  ignoredColumns!: readonly string[];
  @ApiProperty({
    type: [UnreadColumnResponse],
    description: 'Those of them that hold values, and columns without a title that do.',
  })
  unreadColumns!: readonly UnreadColumnResponse[];
  @ApiProperty({
    type: String,
    nullable: true,
    description: 'Of a workbook: the sheet that was read.',
  })
  sheet!: string | null;
  @ApiProperty({
    type: [String],
    description: 'Of a workbook: other sheets that hold something.',
  })
  unreadSheets!: readonly string[];
}

class ImportAbsenceCounts {
  @ApiProperty({ format: 'uuid', description: 'The import of the earlier list.' })
  previous!: string;
  @ApiProperty({ description: 'Products that this list does not name at all.' }) gone!: number;
  @ApiProperty({ description: 'This list has the model under another manufacturer.' })
  transferred!: number;
  @ApiProperty({ description: 'This list has it under a similar name.' }) renamed!: number;
}

class NotComparedResponse {
  @ApiProperty({ example: 'FILE_MISSING' }) code!: string;
  @ApiProperty() reason!: string;
}

export class ImportResponse {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty({ enum: ['products', 'manufacturers'] }) kind!: string;
  @ApiProperty({ enum: importStatuses }) state!: string;
  @ApiProperty({
    description: 'Whether the run that is under way was cancelled, and ends between two rows.',
  })
  beingCancelled!: boolean;
  @ApiProperty({ type: ImportRowsResponse, description: 'Rows by their latest outcome.' })
  rows!: ImportRowsResponse;
  @ApiProperty({
    description:
      'Rows and products that wait for a person: `GET /v1/reviews?import=`. A row that was decided counts as `needsReview` until it is done again.',
  })
  waiting!: number;
  @ApiProperty({ description: 'Run that is under way or was the last one; 0 before the first.' })
  run!: number;
  @ApiProperty({ type: String, nullable: true }) file!: string | null;
  @ApiProperty({ description: 'SHA-256 of the file, hexadecimal.' }) sha256!: string;
  @ApiProperty() bytes!: number;
  @ApiProperty() mappingVersion!: number;
  @ApiProperty() issueCodes!: boolean;
  @ApiProperty({
    type: String,
    format: 'date',
    nullable: true,
    description: 'The list’s own date, by which lists are ordered; null where nobody knows it.',
  })
  asOf!: string | null;
  @ApiProperty({ type: ImportLayoutResponse, nullable: true })
  layout!: ImportLayoutResponse | null;
  @ApiProperty({ type: ImportFailureResponse, nullable: true })
  failure!: ImportFailureResponse | null;
  @ApiProperty({
    type: ImportAbsenceCounts,
    nullable: true,
    description:
      'Registered products that the newest earlier list of this layout names, and this one under none of their names. Null where nothing was compared.',
  })
  absent!: ImportAbsenceCounts | null;
  @ApiProperty({
    type: NotComparedResponse,
    nullable: true,
    description: 'Why the list was not compared with the one before it; null where it was.',
  })
  notCompared!: NotComparedResponse | null;
  @ApiProperty() revision!: number;
  @ApiProperty({ description: 'A place in the log, for `?after=`.' }) position!: string;
}

/** An import as the API shows it, from the log itself. */
export const importResponse = ({
  id,
  state,
  revision,
  position,
}: ImportStanding): ImportResponse => {
  const { received, status, read, failure, run, issueCodes, asOf, absent, notCompared } = state;
  const { kind, file, sha256, bytes, mappingVersion } = received;
  return {
    id,
    kind,
    state: status,
    beingCancelled: isBeingCancelled(state),
    rows: { total: read?.rows ?? null, ...countsOf(state), ...acceptedCountsOf(state) },
    waiting: waitingCountOf(state),
    run,
    file,
    sha256,
    bytes,
    mappingVersion,
    issueCodes,
    asOf,
    layout: read && {
      name: read.layout,
      encoding: read.encoding,
      delimiter: read.delimiter,
      decimalMark: read.decimalMark,
      ignoredColumns: read.ignoredColumns,
      unreadColumns: read.unreadColumns ?? [],
      sheet: read.sheet ?? null,
      unreadSheets: read.unreadSheets ?? [],
    },
    failure: failure && { code: failure.code, reason: failure.reason },
    absent: absent && { previous: absent.previous, ...absenceCountsOf(absent) },
    notCompared,
    revision: Number(revision),
    position: position === undefined ? '0' : formatPosition(position),
  };
};

export class RowProblemResponse {
  @ApiProperty({ description: 'Title of the column; empty where the whole row is meant.' })
  column!: string;
  @ApiProperty() reason!: string;
  @ApiProperty({ description: 'The cell as it stands in the file.' }) raw!: string;
}

class NamedInListResponse {
  @ApiProperty() manufacturer!: string;
  @ApiProperty() model!: string;
}

export class RowProposalResponse {
  @ApiProperty({ enum: ['rename', 'transfer'] }) kind!: string;
  @ApiProperty({ description: 'Of the product as it is registered.' }) manufacturer!: string;
  @ApiProperty({ description: 'Of the product as it is registered.' }) model!: string;
}

export class WaitingValueResponse {
  @ApiProperty({ example: '/elements/EnergyCapacityNominal' }) path!: string;
  @ApiProperty({
    type: Object,
    nullable: true,
    description: 'As the list says it; null: it says nothing.',
  })
  listed!: unknown;
}

export class ImportRowResponse {
  @ApiProperty({ description: 'Data row in the file, from 1.' }) row!: number;
  @ApiProperty({ enum: rowOutcomes }) outcome!: string;
  @ApiPropertyOptional({
    description: 'Of an accepted row: whether it registered what it is about, or changed it.',
  })
  isNew?: boolean;
  @ApiPropertyOptional({ format: 'uuid' }) productId?: string;
  @ApiPropertyOptional({ format: 'uuid' }) manufacturerId?: string;
  @ApiPropertyOptional({
    type: NamedInListResponse,
    description: 'What the row is about, as the list names it.',
  })
  about?: NamedInListResponse;
  @ApiPropertyOptional({
    type: RowProposalResponse,
    description: 'What the row seems to be: the product under another name.',
  })
  proposal?: RowProposalResponse;
  @ApiPropertyOptional({
    type: [WaitingValueResponse],
    description: 'Values that wait for a person.',
  })
  conflicts?: readonly WaitingValueResponse[];
  @ApiProperty({ type: [RowProblemResponse] }) problems!: readonly RowProblemResponse[];
}

export class ImportAbsenceResponse {
  @ApiProperty({ format: 'uuid' }) productId!: string;
  @ApiProperty({
    enum: absenceKinds,
    description: '`transferred`, `renamed`: this list has what seems to be it under another name.',
  })
  kind!: string;
  @ApiProperty({ description: 'As the earlier list names it.' }) manufacturer!: string;
  @ApiProperty({ description: 'As the earlier list names it.' }) model!: string;
  @ApiProperty({ format: 'uuid', description: 'The import of the earlier list.' })
  previous!: string;
}

class PreviewedChangeResponse {
  @ApiProperty() row!: number;
  @ApiProperty({ type: String, nullable: true, description: 'Null: it would be registered.' })
  id!: string | null;
  @ApiProperty() name!: string;
  @ApiProperty({ description: 'JSON pointer; empty for the whole of a new one.' }) path!: string;
  @ApiProperty({ type: Object, nullable: true }) from!: unknown;
  @ApiProperty({ type: Object, nullable: true }) to!: unknown;
}

export class ImportPreviewResponse {
  @ApiProperty({ enum: [true] }) dryRun!: true;
  @ApiProperty() layout!: string;
  @ApiPropertyOptional({ description: 'Of a workbook: the sheet that was read.' }) sheet?: string;
  @ApiProperty({ type: [String], description: 'Other sheets that hold something.' })
  unreadSheets!: readonly string[];
  @ApiProperty({
    type: [UnreadColumnResponse],
    description: 'Columns that the layout does not know, where they hold values.',
  })
  unreadColumns!: readonly UnreadColumnResponse[];
  @ApiProperty({ type: ImportRowsResponse }) rows!: ImportRowsResponse;
  @ApiProperty({
    description: 'Whether every row was judged; if not, `rows` counts those that were.',
  })
  complete!: boolean;
  @ApiProperty({ type: [PreviewedChangeResponse], description: 'The first 1,000.' })
  changes!: readonly PreviewedChangeResponse[];
  @ApiProperty({ description: 'Changes that are not listed.' }) moreChanges!: number;
  @ApiProperty({ type: [ImportRowResponse], description: 'Rows with problems: the first 200.' })
  problems!: readonly ImportRowResponse[];
}
