import { ApiProperty } from '@nestjs/swagger';

import { day, oneOf, queryInvalid, uuid } from '#http/query-params.js';
import { resourceController } from '#resource/controller.js';
import { defineResource, filter } from '#resource/resource.js';
import { compares } from '#resource/sql.js';
import { waitUntilHandled } from '#subscription/wait-until-handled.js';

import { registryActivityConsumer } from './consumer.js';
import { activityKinds } from './kinds.js';

class ActivityManufacturerResponse {
  @ApiProperty({ format: 'uuid' }) id!: string;
  /** Null until its registration has arrived. */
  @ApiProperty({ type: String, nullable: true }) name!: string | null;
  @ApiProperty({
    type: String,
    format: 'uuid',
    nullable: true,
    description: 'The manufacturer that it was merged into.',
  })
  mergedInto!: string | null;
}

export class ActivityResponse {
  @ApiProperty({ format: 'date', description: 'In UTC; of the time of recording.' }) day!: string;
  @ApiProperty({ type: ActivityManufacturerResponse }) manufacturer!: ActivityManufacturerResponse;
  @ApiProperty({ enum: activityKinds }) kind!: string;
  @ApiProperty() changes!: number;
  @ApiProperty({ format: 'date-time' }) firstAt!: string;
  @ApiProperty({ format: 'date-time' }) lastAt!: string;
}

/** What was counted, under the manufacturers that changes were made to. */
const apart = 'analytics.registry_activity';

/**
 * The same under those that answer for them now: where the mergers of each merged manufacturer lead in the
 * end. A chain longer than that is broken.
 */
const into = `(
  with recursive step (id, survivor_id, length) as (
    select id, merged_into, 1 from analytics.manufacturer where merged_into is not null
    union all
    select step.id, next.merged_into, step.length + 1
      from step join analytics.manufacturer next on next.id = step.survivor_id
     where next.merged_into is not null and step.length < 100
  ),
  survivor as (
    select distinct on (id) id, survivor_id from step order by id, length desc
  )
  select counted.day, coalesce(survivor_id, manufacturer_id) as manufacturer_id, counted.kind,
         sum(changes) as changes, min(first_at) as first_at, max(last_at) as last_at
    from analytics.registry_activity counted
    left join survivor on survivor.id = counted.manufacturer_id
   group by 1, 2, 3)`;

const utc = (column: string): string =>
  `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

const filters = {
  from: filter(day, compares('a.day', '>=', 'date'), {
    description: 'First day, in UTC.',
    example: '2026-02-01',
  }),
  to: filter(day, compares('a.day', '<=', 'date'), {
    description: 'Last day.',
    example: '2026-02-28',
  }),
  manufacturerId: filter(uuid, compares('a.manufacturer_id')),
  kind: filter(oneOf(...activityKinds), compares('a.kind')),
  merged: filter(oneOf('apart', 'into'), () => () => 'true', {
    description:
      '`apart` unless given: each under its own id. `into`: what merged manufacturers did counts for the one that answers for them.',
  }),
};

export const activityList = defineResource({
  name: 'registry-activity',
  path: 'v1/analytics/registry-activity',
  tag: 'analytics',
  permission: 'analytics.read',
  ready: async (store, after) => {
    if (after) await waitUntilHandled(store, registryActivityConsumer, after);
  },
  response: ActivityResponse,
  select: `a.day::text,
    json_build_object('id', a.manufacturer_id, 'name', m.name, 'mergedInto', m.merged_into) as manufacturer,
    a.kind, a.changes::float8, ${utc('a.first_at')} as "firstAt", ${utc('a.last_at')} as "lastAt"`,
  from: apart,
  // A name that became known since the walk began is taken for unknown: `start` is the number of the newest one.
  listFrom: (sql, start, { merged = 'apart' }) => `${{ apart, into }[merged]} a
    left join analytics.manufacturer m on m.id = a.manufacturer_id
    cross join lateral (select lower(
      case when m.named_in <= ${sql.add(start)}::bigint then coalesce(m.name, a.manufacturer_id)
           else a.manufacturer_id end) as name) shown`,
  check: ({ from, to }) => {
    if (from === undefined || to === undefined || from <= to) return;
    throw queryInvalid([{ pointer: '?to', reason: 'expected a day that is not before from' }]);
  },
  list: {
    summary: 'How often the registry was changed, by day, manufacturer and kind of change',
    description:
      'Of the facts that have been counted so far, the newest day first, then by name; how far that is, ' +
      '`GET /v1/subscriptions/registry-activity` says to who has `subscriptions.read`. A change of a product counts for its manufacturer. ' +
      '`after` waits until a position is counted; not where facts come over Kafka. With `format=csv` or `ndjson`, ' +
      'or such an `Accept`, every row is exported.',
    filters,
    start: 'select coalesce(max(named_in), 0) from analytics.manufacturer',
    order: [
      { expression: 'a.day', type: 'day', descending: true },
      { expression: 'shown.name', type: 'text' },
      { expression: 'a.manufacturer_id', type: 'text' },
      { expression: 'a.kind', type: 'text' },
    ],
    export: {
      columns: [
        { name: 'day', value: (row) => row.day },
        { name: 'manufacturer_id', value: ({ manufacturer }) => manufacturer.id },
        { name: 'manufacturer', value: ({ manufacturer }) => manufacturer.name },
        { name: 'merged_into', value: ({ manufacturer }) => manufacturer.mergedInto },
        { name: 'kind', value: (row) => row.kind },
        { name: 'changes', value: (row) => row.changes },
        { name: 'first_at', value: (row) => row.firstAt },
        { name: 'last_at', value: (row) => row.lastAt },
      ],
      ndjson: 'items',
    },
  },
});

export class RegistryActivityController extends resourceController(activityList) {}
