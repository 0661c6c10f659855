import type { Type } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';

import { oneOf, text } from '#http/query-params.js';
import type { EventTypes } from '#kernel/decider.js';
import type { DomainEvent } from '#kernel/event.js';
import type { Refusal } from '#kernel/refusal.js';
import type { Row } from '#resource/keyset.js';
import {
  defineResource,
  type Filter,
  filter,
  type Resource,
  visibleIn,
} from '#resource/resource.js';
import { compares } from '#resource/sql.js';

import { labSchema, labThings } from './lab-things.projection.js';
import { tableOf, type ThingCategory } from './rows.js';

export const statuses = ['inUse', 'retired'] as const;

/** What every thing of a lab shows. */
export class ThingResponse {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty({ enum: statuses }) status!: (typeof statuses)[number];
  @ApiProperty() revision!: number;
}

type Absent = { readonly status: 'absent' };

type Known = { readonly status: (typeof statuses)[number] };

interface Folded<S, E extends DomainEvent> extends EventTypes<E> {
  readonly initialState: S | Absent;
  readonly evolve: (state: S | Absent, event: E) => S | Absent;
}

interface ThingOf<S, E extends DomainEvent, Item> {
  /** Of the path, cursors and exports. */
  readonly name: string;
  /** One of them in words, with its article. */
  readonly one: string;
  readonly decider: Folded<S, E>;
  readonly response: Type<Item>;
  readonly unknown: () => Refusal;
  readonly list: { readonly summary: string; readonly description: string };
  readonly filters: Readonly<Record<string, Filter>>;
  /** The document as SQL, where it is another one than that of the row. */
  readonly document?: string;
}

/** Those whose member of the document is a text. */
export const member = (name: string, texts: Pick<Filter, 'description'> = {}): Filter =>
  filter(text(200), compares(`document ->> '${name}'`), texts);

const status = filter(oneOf(...statuses), compares(`document ->> 'status'`)) as Filter;

/** A thing of a lab as a resource: what the API shows is the document that its context folds. */
export const thingResource = <S extends Known, E extends DomainEvent, Item extends ThingResponse>({
  name,
  one,
  decider,
  response,
  unknown,
  list,
  filters,
  document = 'document',
}: ThingOf<S, E, Item>): Resource<Item> =>
  defineResource<Item, Readonly<Record<string, Filter>>, S & { readonly id: string }>({
    name,
    tag: 'lab',
    permission: 'lab.read',
    ready: visibleIn(labThings),
    response,
    select: `id, ${document} as document, revision::float8`,
    from: `${labSchema}.${tableOf[decider.category as ThingCategory]}`,
    item: ({ id, document: shown, revision }: Row) =>
      ({ id, ...(shown as object), revision }) as unknown as Item,
    list: {
      ...list,
      filters: { ...filters, status },
      order: [{ expression: 'registered_position', type: 'bigint', descending: true }],
    },
    one: { summary: one, description: 'As it stands, or as it stood.', unknown },
    history: {
      summary: `Who changed what of ${one.toLowerCase()}, when and why`,
      description: 'One item for each event, the oldest first unless `order` says otherwise.',
      folding: {
        streamOf: (id) => `${decider.category}-${id}`,
        types: decider,
        evolve(before, id, event) {
          const state = decider.evolve(before ?? decider.initialState, event as E);
          return state.status === 'absent' ? null : { ...state, id };
        },
      },
      asOf: ({ state, revision }) => ({ ...state, revision: Number(revision) }) as unknown as Item,
    },
  });

export class LabRangeResponse {
  @ApiProperty() min!: number;
  @ApiProperty() max!: number;
}
