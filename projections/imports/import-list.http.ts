import { ApiProperty, IntersectionType, PickType } from '@nestjs/swagger';

import { boolean, oneOf } from '#http/query-params.js';
import { absenceKinds, rowOutcomes } from '#product-registry/import/events.js';
import {
  ImportAbsenceResponse,
  ImportResponse,
  ImportRowResponse,
} from '#product-registry/import/import-response.http.js';
import { importStatuses } from '#product-registry/import/state.js';
import { schemaOf } from '#read-store/schema-names.js';
import { defineResource, filter, type Resource, visibleIn } from '#resource/resource.js';
import { compares } from '#resource/sql.js';

import { imports } from './imports.projection.js';

const schema = schemaOf(imports);
const shared = {
  tag: 'imports',
  permission: 'imports.read',
  ready: visibleIn(imports),
} as const;

class ImportCancellation {
  @ApiProperty({ description: 'Principal who requested it.' }) by!: string;
  @ApiProperty({ format: 'date-time' }) at!: string;
  @ApiProperty({ type: String, nullable: true }) reason!: string | null;
}

export class ImportTimes {
  @ApiProperty({ description: 'How often the file was sent.' }) timesReceived!: number;
  @ApiProperty({ format: 'date-time' }) receivedAt!: Date;
  @ApiProperty({ description: 'Principal who sent it first.' }) receivedBy!: string;
  @ApiProperty({ format: 'date-time' }) lastReceivedAt!: Date;
  @ApiProperty({ type: String, format: 'date-time', nullable: true }) startedAt!: Date | null;
  @ApiProperty({ type: String, format: 'date-time', nullable: true }) endedAt!: Date | null;
  @ApiProperty({
    type: ImportCancellation,
    nullable: true,
    description: 'The last cancellation; null where there was none since the last run began.',
  })
  cancellation!: ImportCancellation | null;
}

class ListedImportResponse extends IntersectionType(
  PickType(ImportResponse, [
    ...(['id', 'kind', 'state', 'rows', 'run', 'file', 'sha256', 'bytes', 'failure'] as const),
    ...(['asOf', 'revision', 'position'] as const),
  ]),
  ImportTimes,
) {}

export const importList = defineResource({
  ...shared,
  name: 'imports',
  response: ListedImportResponse,
  select: `imports.id, kind, state,
    json_build_object('total', total, 'accepted', accepted, 'new', accepted_new,
      'changed', accepted_changed, 'unchanged', unchanged,
      'rejected', rejected, 'needsReview', needs_review) as rows,
    run, file, sha256, bytes::float8, as_of::text as "asOf",
    case when failure_code is not null
      then json_build_object('code', failure_code, 'reason', coalesce(failure_reason, ''))
    end as failure,
    case when cancelled_by is not null then json_build_object('by', cancelled_by,
      'at', to_char(cancelled_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
      'reason', cancel_reason)
    end as cancellation,
    times_received as "timesReceived", received_at as "receivedAt", received_by as "receivedBy",
    last_received_at as "lastReceivedAt", started_at as "startedAt", ended_at as "endedAt",
    revision::float8, imports.position::text`,
  from: `${schema}.imports as imports`,
  id: 'imports.id',
  list: {
    summary: 'Imports, the one that changed last first',
    description: 'State and counts of each, without its rows.',
    filters: {
      state: filter(oneOf(...importStatuses), compares('imports.state')),
      kind: filter(oneOf('products', 'manufacturers'), compares('imports.kind')),
    },
    order: [
      { expression: 'imports.position', type: 'bigint', descending: true, former: 'position' },
      { expression: 'imports.id', type: 'text', descending: true },
    ],
    moves: `${schema}.moved_imports`,
  },
});

const importRows = defineResource({
  ...shared,
  name: 'import-rows',
  response: ImportRowResponse,
  select: `row::float8 as row, outcome, is_new, product_id, manufacturer_id, problems,
    about, proposal, conflicts`,
  from: `${schema}.import_rows`,
  item: ({ row, outcome, is_new, product_id, manufacturer_id, problems, ...review }) =>
    ({
      ...{ row, outcome },
      ...(is_new !== null && { isNew: is_new }),
      ...(product_id !== null && { productId: product_id }),
      ...(manufacturer_id !== null && { manufacturerId: manufacturer_id }),
      ...(review['about'] !== null && { about: review['about'] }),
      ...(review['proposal'] !== null && { proposal: review['proposal'] }),
      ...(review['conflicts'] !== null && { conflicts: review['conflicts'] }),
      problems,
    }) as ImportRowResponse,
  list: {
    summary: 'What became of each row, in the order of the file',
    description: 'Waits until everything that the import has recorded so far is visible.',
    filters: {
      outcome: filter(oneOf(...rowOutcomes), compares('outcome')),
      problems: filter(
        boolean,
        (hasProblems) => () => `problems ${hasProblems ? '<>' : '='} '[]'::jsonb`,
        {
          description: 'Only rows with (or without) problems: accepted rows can be flagged, too.',
        },
      ),
    },
    order: [{ expression: 'import_rows.row', type: 'bigint' }],
  },
});

/** The rows of one import. */
export const rowsOfImport = (id: string): Resource<ImportRowResponse> => ({
  ...importRows,
  name: `rows of import ${id}`,
  where: [compares('import_id')(id)],
});

const importAbsences = defineResource({
  ...shared,
  name: 'import-absences',
  response: ImportAbsenceResponse,
  select: 'product_id as "productId", kind, manufacturer, model, previous',
  from: `${schema}.import_absences`,
  list: {
    summary: 'Products that the list before it names and this one does not',
    description:
      'Registered products that the newest earlier list of the same layout names, and this one under none of their names; ordered as that list names them. ' +
      'Waits until everything that the import has recorded so far is visible.',
    filters: { kind: filter(oneOf(...absenceKinds), compares('kind')) },
    order: [
      { expression: 'import_absences.manufacturer', type: 'text' },
      { expression: 'import_absences.model', type: 'text' },
      { expression: 'import_absences.product_id', type: 'text' },
    ],
  },
});

/** What an earlier list names and the list of one import does not. */
export const absencesOfImport = (id: string): Resource<ImportAbsenceResponse> => ({
  ...importAbsences,
  name: `absences of import ${id}`,
  where: [compares('import_id')(id)],
});
