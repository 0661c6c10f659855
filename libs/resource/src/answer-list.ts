import type { FastifyReply, FastifyRequest } from 'fastify';

import {
  csvLines,
  type CsvOptions,
  type ExportFormat,
  flatRows,
  formatAskedFor,
  ndjsonLines,
  sendLines,
} from '#http/export.js';
import { queryInvalid } from '#http/query-params.js';
import type { ReadStore } from '#read-store/read-store.js';

import { listParameters, type ListQuery, type RawQuery, readParameters } from './parameters.js';
import { readAll, readPage, rowsOf, type Selected } from './reading.js';
import type { Resource } from './resource.js';
import { fromSnapshot } from './snapshot.js';
import type { Queryable } from './sql.js';

/** Answers with a page of the list, or with an export of all its rows. */
export const answerList = async <Item>(
  store: ReadStore,
  resource: Resource<Item>,
  query: RawQuery,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> => {
  const { name, list, ready } = resource;
  const { sort, limit, cursor, after, format, raw, bom, ...filter } = readParameters<ListQuery>(
    query,
    listParameters(resource),
  );
  resource.check?.(filter);
  const exported = list.export && formatAskedFor(format, request.headers.accept);
  if (exported) refusePages({ limit, cursor });
  if (exported !== 'csv') refuseCsvOptions({ raw, bom });
  await ready(store, after);
  if (!exported) {
    void reply.send(await readPage(store.pool, resource, { filter, sort, cursor, limit }));
    return;
  }
  // The columns are known before the first row is sent: an error up to there is a problem document.
  const lines = fromSnapshot(store.pool, (client) =>
    exportLines(client, resource, { filter, sort }, exported, { raw, bom }),
  );
  sendLines(reply, lines, { format: exported, filename: `${name}.${exported}` });
};

async function* exportLines<Item>(
  client: Queryable,
  resource: Resource<Item>,
  selected: Selected,
  format: ExportFormat,
  options: CsvOptions,
): AsyncGenerator<string> {
  const { columns = [], ndjson = 'columns' } = resource.list.export ?? {};
  const items = readAll(client, resource, await rowsOf(client, resource, selected));
  if (format === 'csv') yield* csvLines(items, columns, options);
  else yield* ndjsonLines(ndjson === 'items' ? items : flatRows(items, columns));
}

/** Throws a `Refusal` where somebody wants pages of an export. */
export const refusePages = ({
  limit,
  cursor,
}: {
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
}): void => {
  refuseGiven({ limit, cursor }, 'an export holds every row: leave it out');
};

const refuseCsvOptions = (given: CsvOptions): void => {
  refuseGiven(given, 'is for CSV: add format=csv, or leave it out');
};

const refuseGiven = (given: object, reason: string): void => {
  const errors = Object.entries(given)
    .filter(([, value]) => value !== undefined)
    .map(([name]) => ({ pointer: `?${name}`, reason }));
  if (errors.length > 0) throw queryInvalid(errors);
};
