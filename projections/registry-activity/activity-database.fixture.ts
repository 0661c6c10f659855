import type { Fact } from '#fanout/fact.js';
import { ReadStore } from '#read-store/read-store.js';
import { migratedDatabase } from '#subscription/projection/test/fixture.js';

import { recordActivity } from './record-activity.js';

/** A migrated database of its own, with what the tests do to the activity in it. */
export class ActivityDatabase {
  private constructor(
    readonly store: ReadStore,
    private readonly drop: () => Promise<void>,
  ) {}

  static async create(): Promise<ActivityDatabase> {
    const database = await migratedDatabase();
    return new ActivityDatabase(new ReadStore(database.url), () => database.drop());
  }

  get pool(): ReadStore['pool'] {
    return this.store.pool;
  }

  /** Counts the facts in batches of `size`, each in a transaction of its own. */
  async record(facts: readonly Fact[], size = facts.length): Promise<void> {
    for (let start = 0; start < facts.length; start += size) {
      await this.store.transaction((client) =>
        recordActivity(facts.slice(start, start + size), client),
      );
    }
  }

  /** Every row of every table, as text, in a fixed order. */
  async dump(): Promise<readonly string[]> {
    const { rows } = await this.pool.query<{ line: string }>(
      `select concat_ws(' ', 'activity', day, manufacturer_id, kind, changes,
                first_at at time zone 'UTC', last_at at time zone 'UTC') as line
         from analytics.registry_activity
       union all select 'maker ' || p::text from analytics.product_maker p
       union all select 'manufacturer ' || row(id, name, merged_into)::text from analytics.manufacturer
       order by 1`,
    );
    return rows.map(({ line }) => line);
  }

  async clear(): Promise<void> {
    await this.pool.query(
      'truncate analytics.registry_activity, analytics.product_maker, analytics.manufacturer',
    );
  }

  async stop(): Promise<void> {
    await this.store.close();
    await this.drop();
  }
}
