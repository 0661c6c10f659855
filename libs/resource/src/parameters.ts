import { applyDecorators } from '@nestjs/common';
import { ApiQuery } from '@nestjs/swagger';

import type { Position } from '#event-log/event-log.js';
import type { ExportFormat } from '#http/export.js';
import {
  boolean,
  integerFrom,
  type Moment,
  moment,
  oneOf,
  type Parsers,
  position,
  readQuery,
  text,
} from '#http/query-params.js';

import { type Filter, type Resource, sortsOf } from './resource.js';

export type RawQuery = Readonly<Record<string, unknown>>;

/** Query parameters: how they are read, and what OpenAPI says of them. */
export type Parameters = Readonly<Record<string, Omit<Filter, 'where'>>>;

interface Page {
  readonly limit?: number;
  readonly cursor?: string;
  readonly after?: Position;
}

const after = { parse: position, description: 'Wait until this position is visible.' };
const page = {
  limit: { parse: integerFrom(1, 1000), description: '1 to 1,000; 100 unless given.' },
  cursor: { parse: text(4096), description: 'The `nextCursor` of the page before.' },
  after,
};

/** What every list takes besides its filters. */
export interface ListQuery extends Page {
  readonly sort?: string;
  readonly format?: ExportFormat | 'json';
  readonly raw?: boolean;
  readonly bom?: boolean;
}

const exported = {
  format: { parse: oneOf('json', 'csv', 'ndjson') },
  raw: {
    parse: boolean,
    description:
      'CSV: texts that a spreadsheet would run as a formula are written as they are. Otherwise an ' +
      'apostrophe stands before them; numbers are never changed.',
  },
  bom: { parse: boolean, description: 'CSV: begins with a byte order mark, for spreadsheets.' },
};

/** Made once for each resource: every request reads them. */
const madeOnce = (
  make: <Item>(resource: Resource<Item>) => Parameters,
): (<Item>(resource: Resource<Item>) => Parameters) => {
  const made = new WeakMap<object, Parameters>();
  return (resource) => {
    const known = made.get(resource) ?? make(resource);
    made.set(resource, known);
    return known;
  };
};

export const listParameters = madeOnce((resource) => {
  const sorts = sortsOf(resource);
  const sort = { parse: oneOf(...sorts), description: `\`${sorts[0] ?? ''}\` unless given.` };
  return {
    ...resource.list.filters,
    ...(sorts.length > 0 && { sort }),
    ...page,
    ...(resource.list.export && exported),
  };
});

export interface OneQuery {
  readonly asOf?: Moment;
  readonly after?: Position;
}

export const oneParameters = madeOnce(({ history }) => ({
  ...(history?.asOf && {
    asOf: { parse: moment, description: 'ISO 8601 time with zone, or `@position`.' },
  }),
  after,
}));

export interface HistoryQuery extends Page {
  readonly order?: 'asc' | 'desc';
}

export const historyParameters: Parameters = {
  order: { parse: oneOf('asc', 'desc'), description: 'By revision; `asc` unless given.' },
  ...page,
};

const parsersOf = new WeakMap<Parameters, Parsers>();

/** Reads them as `readQuery` does. */
export const readParameters = <T>(query: RawQuery, parameters: Parameters): T => {
  const parsers =
    parsersOf.get(parameters) ??
    Object.fromEntries(Object.entries(parameters).map(([name, { parse }]) => [name, parse]));
  parsersOf.set(parameters, parsers);
  return readQuery(query, parsers) as T;
};

/** Says in the OpenAPI document what a route takes. */
export const Parametrized = (parameters: Parameters): MethodDecorator =>
  applyDecorators(
    ...Object.entries(parameters)
      // The document has them in the order of decorators, of which the last one is applied first.
      .reverse()
      .map(([name, { parse, description, example }]) =>
        ApiQuery({
          name,
          required: false,
          ...(description !== undefined && { description }),
          schema: {
            ...(parse.schema ?? { type: 'string' }),
            ...(example !== undefined && { example }),
          },
        }),
      ),
  );
