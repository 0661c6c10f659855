import type { Type } from '@nestjs/common';

import type { Position } from '#event-log/event-log.js';
import type { Column } from '#http/export.js';
import type { Parser } from '#http/query-params.js';
import type { Refusal } from '#kernel/refusal.js';
import type { ReadStore } from '#read-store/read-store.js';
import type { ProjectionVersion } from '#read-store/schema-names.js';
import { requireVisible } from '#subscription/projection/wait-for-position.js';

import type { Folding, Version } from './folds.js';
import type { SourceTexts } from './history.js';
import type { Row, RowList, SortKey } from './keyset.js';
import type { Condition, Queryable, SqlParameters } from './sql.js';

/** What a list may be filtered by: a query parameter and the condition that it stands for. */
export interface Filter<T = unknown> {
  readonly parse: Parser<T>;
  where(value: T, pool: Queryable): Condition | Promise<Condition>;
  readonly description?: string;
  readonly example?: string;
}

export const filter = <T>(
  parse: Parser<T>,
  where: Filter<NoInfer<T>>['where'],
  texts: Pick<Filter, 'description' | 'example'> = {},
): Filter<T> => ({ parse, where, ...texts });

type Filters = Readonly<Record<string, Filter>>;
type FilterValues<F extends Filters> = {
  readonly [K in keyof F]?: (F[K] extends { parse: Parser<infer T> } ? T : never) | undefined;
};

/** What OpenAPI says of a route. */
export interface RouteTexts {
  readonly summary: string;
  readonly description?: string;
}

interface ListOf<Item, F extends Filters> extends RouteTexts {
  readonly filters: F;
  /** The orders that `sort` may name, each also with a leading minus; the first one unless given. Ties go by the id. */
  readonly sorts?: Readonly<Record<string, SortKey>>;
  /** Instead of `sorts`, the one order that the list has. */
  readonly order?: RowList['order'];
  /** See `RowList`. */
  readonly moves?: string;
  readonly start?: string;
  /** Absent: the list has no export. */
  readonly export?: ExportOf<Item>;
}

interface ExportOf<Item> {
  /** The same ones, whatever rows are exported. */
  readonly columns: readonly Column<Item>[];
  /** What a line of NDJSON holds: the columns unless given, or the item as in a list. */
  readonly ndjson?: 'items';
}

interface OneOf extends RouteTexts {
  /** The parameter of the path, `id` unless given. */
  readonly param?: string;
  /** The id that the path names, or SQL that selects it; the text itself unless given. */
  idOf?(named: string): string | Condition;
  /** The row that answers for an id, both as SQL; that of the id unless given. */
  where?(id: string): string;
  readonly unknown: () => Refusal;
}

/** A version of a thing that exists. */
export type Existing<S> = Version<S> & { readonly state: S };
/** Another stream as it was at the same position. */
export type FoldAt = <S>(folding: Folding<S>, id: string) => Promise<Version<S> | undefined>;

interface HistoryOf<Item, S extends object> extends RouteTexts {
  readonly folding: Folding<S>;
  readonly sourceTexts?: SourceTexts;
  /** Ids of those whose histories are shown with its own. */
  kin?(state: S): readonly string[];
  /** The item as it was; absent: the resource has no `asOf`. */
  asOf?(version: Existing<S>, at: FoldAt): Item | Promise<Item>;
}

/**
 * What the API shows of a read model: declared once, and routes, validation, OpenAPI, paging, exports
 * and histories follow. `resourceController` makes the routes.
 */
export interface Resource<Item = unknown, F extends Filters = Filters, S extends object = object> {
  /** Names cursors and files of exports. */
  readonly name: string;
  /** `v1/<name>` unless given. */
  readonly path?: string;
  readonly tag: string;
  readonly permission: string;
  /** Resolves once the tables hold what lies up to `after`; see `visibleIn`. */
  readonly ready: (store: ReadStore, after: Position | undefined) => Promise<void>;
  /** An item, as OpenAPI describes it. Its `revision`, where it has one, is also the `ETag` of the item. */
  readonly response: Type<Item>;
  readonly select: string;
  readonly from: string;
  /** Instead of `from` in a list, where that depends on filters or on the start of the walk. */
  listFrom?(sql: SqlParameters, start: string, filter: FilterValues<F>): string;
  /** Throws a `Refusal` where filters of the list contradict each other. */
  check?(filter: FilterValues<F>): void;
  /** Identifies a row: an expression, `id` unless given. */
  readonly id?: string;
  /** What all rows of the list have. */
  readonly where?: readonly Condition[];
  /** Of a row; the row itself unless given. */
  item?(row: Row): Item;
  readonly list: ListOf<Item, F>;
  readonly one?: OneOf;
  readonly history?: HistoryOf<Item, S>;
}

/** Checks the types of a declaration, and forgets those that only its own functions need. */
export const defineResource = <Item, F extends Filters, S extends object>(
  resource: Resource<Item, F, S>,
): Resource<Item> => {
  const { name, id, list } = resource;
  if (list.moves !== undefined && !id?.includes('.')) {
    throw new Error(`the id of ${name} has to name its table: moves have an id, too`);
  }
  return resource;
};

/** For what is read from the tables of one projection. */
export const visibleIn =
  (projection: ProjectionVersion): Resource['ready'] =>
  (store, after) =>
    requireVisible(store, projection, after);

/** What is thrown where there is no such item. */
export const unknownIn = <Item>({ one, name }: Resource<Item>): Error =>
  one?.unknown() ?? new Error(`${name} are not shown one by one`);

/** What `sort` may be; a leading minus turns the order round. */
export const sortsOf = <Item>({ list: { sorts = {} } }: Resource<Item>): readonly string[] =>
  Object.keys(sorts).flatMap((name) => [name, `-${name}`]);
