import type { PoolClient } from 'pg';

import type { Position, StoredEvent } from '#event-log/event-log.js';
import {
  anchorColumns,
  anchorOf,
  type AnchorRow,
  columnsOf,
  positionOf,
} from '#read-store/builds.js';
import type { Place } from '#read-store/checked-reader.js';
import type { ReadStore } from '#read-store/read-store.js';

/** What the process knows of a manufacturer at its position in the log. */
export interface KnownMaker {
  readonly code: string | null;
  readonly mergedInto: string | null;
}

/** What was learnt since the last checkpoint. */
export class Batch {
  readonly products: { readonly id: string; readonly manufacturerId: string }[] = [];
  readonly makers = new Map<string, KnownMaker>();

  get hasLearnt(): boolean {
    return this.products.length > 0 || this.makers.size > 0;
  }

  clear(): void {
    this.products.length = 0;
    this.makers.clear();
  }
}

/** Products of one answer. */
const pageSize = 500;

/** The memory of the process that assigns codes; tables of the migration `000010_assign_codes`. */
export class AssignCodesStore {
  constructor(private readonly store: ReadStore) {}

  async load(): Promise<{ readonly place: Place; readonly makers: Map<string, KnownMaker> }> {
    const checkpoint = await this.store.pool.query<AnchorRow>(
      `select ${anchorColumns} from assign_codes.checkpoint`,
    );
    const makers = await this.store.pool.query<{ id: string } & KnownMaker>(
      'select id, code, merged_into as "mergedInto" from assign_codes.manufacturer',
    );
    const [row] = checkpoint.rows;
    return {
      place: { position: row && positionOf(row), anchor: row && anchorOf(row) },
      makers: new Map(makers.rows.map(({ id, ...maker }) => [id, maker])),
    };
  }

  /**
   * Moves the checkpoint behind an event and keeps what was learnt, in one transaction. False where
   * another runner moved it meanwhile: then nothing is kept.
   */
  save(from: Position | undefined, to: StoredEvent, { products, makers }: Batch): Promise<boolean> {
    return this.store.transaction(async (client) => {
      if (!(await moveCheckpoint(client, from, to))) return false;
      if (products.length > 0) {
        await client.query(
          `insert into assign_codes.product (manufacturer_id, id)
           select * from unnest($1::uuid[], $2::uuid[]) on conflict do nothing`,
          [products.map(({ manufacturerId }) => manufacturerId), products.map(({ id }) => id)],
        );
      }
      if (makers.size > 0) {
        const known = [...makers.values()];
        await client.query(
          `insert into assign_codes.manufacturer (id, code, merged_into)
           select * from unnest($1::uuid[], $2::text[], $3::uuid[])
           on conflict (id) do update set code = excluded.code, merged_into = excluded.merged_into`,
          [
            [...makers.keys()],
            known.map(({ code }) => code),
            known.map(({ mergedInto }) => mergedInto),
          ],
        );
      }
      return true;
    });
  }

  /** As before the first event. False where another runner moved the checkpoint meanwhile. */
  forget(from: Position | undefined): Promise<boolean> {
    return this.store.transaction(async (client) => {
      if (!(await moveCheckpoint(client, from, undefined))) return false;
      await client.query('delete from assign_codes.product');
      await client.query('delete from assign_codes.manufacturer');
      return true;
    });
  }

  /** The products that were registered under the manufacturer, up to the checkpoint. */
  async *productsOf(manufacturerId: string): AsyncGenerator<string> {
    let after: string | null = null;
    for (;;) {
      const { rows }: { rows: { id: string }[] } = await this.store.pool.query(
        `select id from assign_codes.product
         where manufacturer_id = $1 and ($2::uuid is null or id > $2) order by id limit $3`,
        [manufacturerId, after, pageSize],
      );
      for (const { id } of rows) yield id;
      after = rows.at(-1)?.id ?? null;
      if (rows.length < pageSize) return;
    }
  }
}

const moveCheckpoint = async (
  client: PoolClient,
  from: Position | undefined,
  to: StoredEvent | undefined,
): Promise<boolean> => {
  const { rowCount } = await client.query(
    `update assign_codes.checkpoint
        set commit_position = $3, prepare_position = $4,
            anchor_commit = $3, anchor_prepare = $4, anchor_id = $5
      where commit_position is not distinct from $1 and prepare_position is not distinct from $2`,
    [...columnsOf(from), ...columnsOf(to?.position), to?.id ?? null],
  );
  return rowCount === 1;
};
