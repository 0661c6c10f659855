import type { Position } from '#event-log/event-log.js';
import type { ReadStore } from '#read-store/read-store.js';

/** What the process knows of a manufacturer at its position in the log. */
export interface KnownMaker {
  readonly code: string | null;
  readonly mergedInto: string | null;
}

/** What was learnt since the last checkpoint. */
export interface Learnt {
  readonly products: readonly { readonly id: string; readonly manufacturerId: string }[];
  readonly makers: ReadonlyMap<string, KnownMaker>;
}

/** Products of one answer. */
const pageSize = 500;

/** The memory of the process that assigns codes; tables of the migration `000010_assign_codes`. */
export class AssignCodesStore {
  constructor(private readonly store: ReadStore) {}

  async load(): Promise<{
    readonly position: Position | undefined;
    readonly makers: Map<string, KnownMaker>;
  }> {
    const checkpoint = await this.store.pool.query<{
      commit: string | null;
      prepare: string | null;
    }>(
      `select commit_position::text as commit, prepare_position::text as prepare
       from assign_codes.checkpoint`,
    );
    const makers = await this.store.pool.query<{ id: string } & KnownMaker>(
      'select id, code, merged_into as "mergedInto" from assign_codes.manufacturer',
    );
    const { commit = null, prepare = null } = checkpoint.rows[0] ?? {};
    return {
      position:
        commit === null || prepare === null
          ? undefined
          : { commit: BigInt(commit), prepare: BigInt(prepare) },
      makers: new Map(makers.rows.map(({ id, ...maker }) => [id, maker])),
    };
  }

  /**
   * Moves the checkpoint and keeps what was learnt, in one transaction. False where another runner
   * moved it meanwhile: then nothing is kept.
   */
  save(from: Position | undefined, to: Position, { products, makers }: Learnt): Promise<boolean> {
    return this.store.transaction(async (client) => {
      const moved = await client.query(
        `update assign_codes.checkpoint set commit_position = $3, prepare_position = $4
         where commit_position is not distinct from $1 and prepare_position is not distinct from $2`,
        [from?.commit ?? null, from?.prepare ?? null, to.commit, to.prepare].map(text),
      );
      if (moved.rowCount !== 1) return false;
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

const text = (value: bigint | null): string | null => value?.toString() ?? null;
