import { ApiProperty } from '@nestjs/swagger';

import { formatPosition } from '#event-log/position.js';
import { asUuid, boolean, decimal, queryInvalid, text } from '#http/query-params.js';
import { Refusal } from '#kernel/refusal.js';
import { schemaOf } from '#read-store/schema-names.js';

import { resourceController } from '../controller.js';
import { defineResource, filter, visibleIn } from '../resource.js';
import { compares } from '../sql.js';
import { evolveThing, thingStream, thingTypes } from './thing.js';
import { thingsProjection } from './things.projection.js';

const schema = schemaOf(thingsProjection);

export class ThingResponse {
  @ApiProperty() id!: string;
  @ApiProperty() name!: string;
  @ApiProperty({ type: String, nullable: true }) code!: string | null;
  @ApiProperty({ type: String, nullable: true }) amount!: string | null;
  @ApiProperty() revision!: number;
  @ApiProperty() position!: string;
}

/** A resource with all that the kit offers. */
export const things = defineResource({
  name: 'things',
  tag: 'things',
  permission: 'products.read',
  ready: visibleIn(thingsProjection),
  response: ThingResponse,
  select: 'id, name, code, amount::text, revision::float8, position::text',
  from: `${schema}.things`,
  id: 'things.id',
  check: ({ amountMin, amountMax }) => {
    if (amountMin === undefined || amountMax === undefined) return;
    if (Number(amountMin) <= Number(amountMax)) return;
    throw queryInvalid([{ pointer: '?amountMax', reason: 'expected no less than amountMin' }]);
  },
  list: {
    summary: 'Things',
    filters: {
      name: filter(text(50), compares('name'), { description: 'Exactly.', example: 'Bolt' }),
      amountMin: filter(decimal, compares('amount', '>=', 'numeric')),
      amountMax: filter(decimal, compares('amount', '<=', 'numeric')),
      coded: filter(boolean, (isCoded) => () => `code is ${isCoded ? 'not ' : ''}null`),
    },
    sorts: {
      name: { expression: 'name', type: 'text' },
      code: { expression: 'code', type: 'text', nullable: true, former: 'code' },
      amount: { expression: 'things.amount', type: 'numeric', nullable: true, former: 'amount' },
      changed: { expression: 'things.position', type: 'bigint', former: 'position' },
    },
    moves: `${schema}.moved_things`,
    export: {
      columns: [
        { name: 'name', value: ({ name }) => name },
        { name: 'amount_kg', value: ({ amount }) => amount },
      ],
    },
  },
  one: {
    summary: 'One thing, by id or code',
    param: 'idOrCode',
    idOf: (idOrCode) =>
      asUuid(idOrCode) ??
      ((sql) => `select id from ${schema}.things where code = ${sql.add(idOrCode)}`),
    unknown: () => new Refusal('THING_UNKNOWN', 'not-found', 'there is no such thing'),
  },
  history: {
    summary: 'Who changed a thing',
    folding: { streamOf: thingStream, types: thingTypes, evolve: evolveThing },
    asOf: ({ state, revision, position }) => ({
      ...state,
      revision: Number(revision),
      position: formatPosition(position),
    }),
  },
});

/** The same rows in one order of several keys and directions, which begins with what a walk keeps to. */
export const thingsByInitial = defineResource({
  ...{ tag: 'things', permission: 'products.read', ready: things.ready, response: ThingResponse },
  ...{ select: things.select, from: things.from },
  name: 'things-by-initial',
  listFrom: (sql, start) =>
    `(select *, left(name, ${sql.add(start)}::integer) as initial from ${schema}.things) as things`,
  list: {
    summary: 'Things by their initials',
    filters: {},
    start: 'select 1',
    order: [
      { expression: 'initial', type: 'text', descending: true },
      { expression: 'coalesce(amount, 0)', type: 'numeric' },
      { expression: 'things.revision', type: 'bigint' },
      { expression: 'id', type: 'text', descending: true },
    ],
    export: { columns: [{ name: 'name', value: ({ name }) => name }], ndjson: 'items' },
  },
});

export class ThingsController extends resourceController(things) {}
export class ThingsByInitialController extends resourceController(thingsByInitial) {}
