import { ApiProperty } from '@nestjs/swagger';

import type { CycleStatistics } from '#cycling/statistics/cycle-statistics.js';

import type { RowFault } from '../file/report.js';
import type { ImportDocument } from './document.js';
import { rowFaults } from './events.js';
import type { ImportPreview } from './preview-import.js';

type Found = NonNullable<ImportDocument['found']>;
const orNull = { nullable: true } as const;

class FileColumnResponse {
  @ApiProperty({ description: 'Its title.', example: 'Current(A)' }) column!: string;
  @ApiProperty({ description: 'What it is taken for.', example: 'current' }) as!: string;
  @ApiProperty({ type: String, ...orNull, description: 'Null: as its title says.' })
  unit!: string | null;
}

/** A file that is kept. */
export class CyclerFileResponse {
  @ApiProperty({ description: 'By which an import names it.' }) sha256!: string;
  @ApiProperty() bytes!: number;
  @ApiProperty() name!: string;
  @ApiProperty({
    ...{ type: String, ...orNull, example: 'arbin' },
    description: 'Null where only a mapping can say it.',
  })
  layout!: string | null;
  @ApiProperty({ type: String, ...orNull, example: 'utf-8' }) encoding!: string | null;
  @ApiProperty({ type: [FileColumnResponse], description: 'That are read.' })
  columns!: readonly FileColumnResponse[];
}

class ReadFileResponse {
  @ApiProperty() name!: string;
  @ApiProperty() sha256!: string;
  @ApiProperty({ example: 'arbin' }) layout!: string;
  @ApiProperty({ example: 'utf-8' }) encoding!: string;
  @ApiProperty({ description: 'Below the header, blank ones left out.' }) rows!: number;
  @ApiProperty({ description: 'Taken of it.' }) records!: number;
  @ApiProperty({ description: 'That a file before has.' }) overlapping!: number;
  @ApiProperty({ type: [String], description: 'Columns that were not read.' })
  ignored!: readonly string[];
}

class FileWarningResponse {
  @ApiProperty() file!: string;
  @ApiProperty({ example: 'cycle count' }) what!: string;
  @ApiProperty() message!: string;
  @ApiProperty({ description: 'The first line that it is about.' }) line!: number;
  @ApiProperty({ description: 'How many there are.' }) count!: number;
}

class ClockNoteResponse {
  @ApiProperty() file!: string;
  @ApiProperty() line!: number;
  @ApiProperty({
    enum: ['fold', 'jump'],
    description: 'The hour that a zone shows twice, or a clock that was set.',
  })
  kind!: Found['clock']['notes'][number]['kind'];
  @ApiProperty({ description: 'By how many seconds it moved.' }) byS!: number;
  @ApiProperty({ type: String, format: 'date-time', ...orNull }) at!: string | null;
}

class ClockResponse {
  @ApiProperty({ description: 'How often the clock left the test time.' }) count!: number;
  @ApiProperty({ type: [ClockNoteResponse], description: 'The first ones.' })
  notes!: readonly ClockNoteResponse[];
}

export class FoundResponse implements Found {
  @ApiProperty() records!: number;
  @ApiProperty({ description: 'That two files have: taken once.' }) overlapping!: number;
  @ApiProperty({
    enum: ['file', 'steps'],
    description: 'Whether cycles are those of the files, or were found from what flowed.',
  })
  cycles!: Found['cycles'];
  @ApiProperty({ type: [ReadFileResponse], description: 'In the order of their clocks.' })
  files!: readonly ReadFileResponse[];
  @ApiProperty({ description: 'Rows that gave no record; `rejected-rows` lists them.' })
  rejectedRows!: number;
  @ApiProperty({ type: [FileWarningResponse] }) warnings!: readonly FileWarningResponse[];
  @ApiProperty({ type: ClockResponse }) clock!: ClockResponse;
}

export class RejectedRowResponse {
  @ApiProperty({ example: 'CS2_33.csv' }) file!: string;
  @ApiProperty() line!: number;
  @ApiProperty({ enum: rowFaults }) fault!: RowFault;
  @ApiProperty({ example: 'column "Current(A)" holds "OVERLOAD", expected a number' })
  reason!: string;
}

/** What an import would give. */
export class ExperimentPreviewResponse extends FoundResponse implements ImportPreview {
  @ApiProperty({ enum: [true] }) dryRun!: true;
  @ApiProperty({ description: 'Whether the files were read to their end.' }) complete!: boolean;
  @ApiProperty({ format: 'date-time', description: 'When the test time was zero.' })
  startedAt!: string;
  @ApiProperty({ format: 'date-time' }) endedAt!: string;
  @ApiProperty({ description: 'Of the last record, in seconds.' }) testTimeS!: number;
  @ApiProperty({ type: String, ...orNull }) zone!: string | null;
  @ApiProperty({ type: [RejectedRowResponse], description: 'The first 200.' })
  rejected!: readonly RejectedRowResponse[];
  @ApiProperty({
    ...{ type: 'array', items: { type: 'object', additionalProperties: true } },
    description: 'The first 100, as `GET /v1/experiments/{id}/cycles` answers them.',
  })
  firstCycles!: readonly CycleStatistics[];
}
