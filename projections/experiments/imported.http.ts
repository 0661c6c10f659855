import { ApiProperty } from '@nestjs/swagger';

import type { ImportDocument } from '#battery-lab/import/document.js';
import { rowFaults } from '#battery-lab/import/events.js';
import { FoundResponse, RejectedRowResponse } from '#battery-lab/import/import-response.http.js';
import type { Column } from '#http/export.js';
import { oneOf, text } from '#http/query-params.js';
import { defineResource, filter, visibleIn } from '#resource/resource.js';
import { compares } from '#resource/sql.js';

import { experiments, experimentsSchema } from './experiments.projection.js';

const orNull = { nullable: true } as const;

class SentFileResponse {
  @ApiProperty() name!: string;
  @ApiProperty({ description: 'SHA-256 of the file.' }) sha256!: string;
  @ApiProperty() bytes!: number;
}

class ExperimentImportFailureResponse {
  @ApiProperty({ example: 'FILE_MISSING' }) code!: string;
  @ApiProperty() reason!: string;
}

/** What is to be said of an experiment that was recorded elsewhere. */
export class ExperimentImportResponse implements ImportDocument {
  @ApiProperty({ type: [SentFileResponse], description: 'As they were sent.' })
  files!: readonly SentFileResponse[];
  @ApiProperty({ type: String, ...orNull, description: 'Of the clock that the files show.' })
  zone!: string | null;
  @ApiProperty({ type: String, format: 'date-time', ...orNull, description: 'As it was told.' })
  startedAt!: string | null;
  @ApiProperty({ enum: ['dmy', 'mdy'], ...orNull }) dateOrder!: ImportDocument['dateOrder'];
  @ApiProperty({ enum: ['s', 'min', 'h'], ...orNull }) timeUnit!: ImportDocument['timeUnit'];
  @ApiProperty({
    type: 'object',
    additionalProperties: true,
    ...orNull,
    description: 'What the columns are, where the files are in no known layout.',
  })
  mapping!: ImportDocument['mapping'];
  @ApiProperty({ type: FoundResponse, ...orNull, description: 'Null until all is taken in.' })
  found!: FoundResponse | null;
  @ApiProperty({ type: ExperimentImportFailureResponse, ...orNull })
  failure!: ExperimentImportFailureResponse | null;
}

const rejectedColumns: readonly Column<RejectedRowResponse>[] = (
  ['file', 'line', 'fault', 'reason'] as const
).map((name) => ({ name, value: (row) => row[name] }));

export const rejectedRowList = defineResource({
  name: 'rejected-rows',
  tag: 'lab',
  permission: 'lab.read',
  ready: visibleIn(experiments),
  response: RejectedRowResponse,
  select: 'file, line::float8, fault, reason',
  from: `${experimentsSchema}.rejected_rows`,
  list: {
    summary: 'Rows of imported files that gave no record, and why',
    description: 'In the order of the files.',
    filters: {
      fault: filter(oneOf(...rowFaults), compares('fault')),
      file: filter(text(300), compares('file')),
    },
    order: [{ expression: 'place', type: 'bigint' }],
    export: { columns: rejectedColumns },
  },
});
