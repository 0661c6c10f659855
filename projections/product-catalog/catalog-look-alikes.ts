import type { Position } from '#event-log/event-log.js';
import { Refusal } from '#kernel/refusal.js';
import { lookAlikeKeyOf } from '#product-registry/look-alike.js';
import {
  type KnownMaker,
  LookAlikes,
  resemblingAtMost,
  type ResemblingManufacturer,
  type ResemblingProduct,
} from '#product-registry/look-alikes.js';
import { nameLookAlikeKeyOf } from '#product-registry/manufacturer/name-look-alike.js';
import { prepared } from '#read-store/prepared.js';
import type { ReadStore } from '#read-store/read-store.js';
import type { Queryable } from '#resource/sql.js';
import { projectionStatus } from '#subscription/projection/projection-status.js';
import { waitForPosition } from '#subscription/projection/wait-for-position.js';

import { GatheredLookups } from './gathered-lookups.js';
import { catalog, productCatalog } from './product-catalog.projection.js';

/** Of one look, before those are left out that are of other manufacturers. */
const lookedAtMost = 100;

type MakerRow = ResemblingManufacturer & { readonly key: string };
interface ProductRow {
  readonly key: string;
  readonly id: string;
  readonly code: string | null;
  readonly model: string;
  readonly maker: string;
  readonly name: string;
  readonly lookAlikes: readonly string[];
}

/** Finds what looks alike in the catalogue, by an index of what things that look alike have in common. */
export class CatalogLookAlikes extends LookAlikes {
  private readonly ofNames: GatheredLookups<MakerRow>;
  private readonly ofModels: GatheredLookups<ProductRow>;

  constructor(private readonly store: ReadStore) {
    super();
    const { pool } = store;
    this.ofNames = new GatheredLookups((keys) => byKey<MakerRow>(pool, manufacturersAlike, keys));
    this.ofModels = new GatheredLookups((keys) => byKey<ProductRow>(pool, productsAlike, keys));
  }

  override async manufacturers(
    names: readonly string[],
  ): Promise<readonly ResemblingManufacturer[]> {
    const keys = [...new Set(names.map(nameLookAlikeKeyOf))];
    const found = (await Promise.all(keys.map((key) => this.ofNames.of(key)))).flat();
    const byId = new Map(found.map(({ id, name, code }) => [id, { id, name, code }]));
    return [...byId.values()].slice(0, resemblingAtMost);
  }

  override async products(
    { id: own, names }: KnownMaker,
    model: string,
  ): Promise<readonly ResemblingProduct[]> {
    const found = await this.ofModels.of(lookAlikeKeyOf(model));
    if (found.length === 0) return [];
    const keys = names.map(nameLookAlikeKeyOf);
    return found
      .filter(
        ({ maker, lookAlikes }) => maker === own || lookAlikes.some((one) => keys.includes(one)),
      )
      .slice(0, resemblingAtMost)
      .map(({ id, code, model: theirs, maker, name }) => ({
        ...{ id, code, model: theirs },
        manufacturer: { id: maker, name },
      }));
  }

  override async productsOfModel(model: string): Promise<readonly string[]> {
    return (await this.ofModels.of(lookAlikeKeyOf(model))).map(({ id }) => id);
  }

  override async reaches(
    position: Position,
    withinMs: number,
  ): Promise<'reached' | 'behind' | 'absent'> {
    const { store } = this;
    try {
      await waitForPosition(store, productCatalog, position, { timeoutMs: withinMs });
      return 'reached';
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
    }
    const [status] = await projectionStatus(store, [productCatalog]);
    return status?.builtVersion === productCatalog.version || status?.build ? 'behind' : 'absent';
  }
}

const byKey = async <T extends { readonly key: string }>(
  pool: Queryable,
  statement: string,
  keys: readonly string[],
): Promise<ReadonlyMap<string, readonly T[]>> => {
  const { rows } = await pool.query<T>(prepared(statement, [keys]));
  const found = new Map<string, T[]>();
  for (const row of rows) found.set(row.key, [...(found.get(row.key) ?? []), row]);
  return found;
};

const manufacturersAlike = `
  select asked.key, found.* from unnest($1::text[]) as asked (key), lateral (
    select answering.id, answering.name, answering.code
    from ${catalog}.manufacturers m
      join ${catalog}.manufacturers answering on answering.id = m.resolved_id
    where m.look_alikes @> array[asked.key]
    limit ${String(lookedAtMost)}) as found`;

const productsAlike = `
  select asked.key, found.* from unnest($1::text[]) as asked (key), lateral (
    select p.id, p.code, p.model, answering.id as maker, answering.name,
           m.look_alikes || answering.look_alikes as "lookAlikes"
    from ${catalog}.products p
      join ${catalog}.manufacturers m on m.id = p.manufacturer_id
      join ${catalog}.manufacturers answering on answering.id = m.resolved_id
    where p.look_alike = asked.key and p.merged_into is null
    limit ${String(lookedAtMost)}) as found`;
