import type { StoredEvent } from '#event-log/event-log.js';
import { ReadStore } from '#read-store/read-store.js';
import { schemaOf } from '#read-store/schema-names.js';

import { type Projection, type ProjectionClient, readBy } from '../projection.js';
import { applyEvents } from '../projection-follower.js';
import { migratedDatabase } from './fixture.js';

/** A real database with the tables of one projection, in the schema that queries read. */
export class ProjectionDatabase {
  protected constructor(
    readonly store: ReadStore,
    private readonly projection: Projection,
    private readonly drop: () => Promise<void>,
  ) {}

  static async of(projection: Projection): Promise<ProjectionDatabase> {
    return new ProjectionDatabase(...(await ProjectionDatabase.partsOf(projection)));
  }

  protected static async partsOf(
    projection: Projection,
  ): Promise<[ReadStore, Projection, () => Promise<void>]> {
    const database = await migratedDatabase();
    const store = new ReadStore(database.url);
    await store.transaction(async (client) => {
      await client.query(`create schema ${schemaOf(projection)}`);
      await inSchema(client, projection);
      await client.query(projection.tables);
    });
    return [store, projection, () => database.drop()];
  }

  get pool(): ReadStore['pool'] {
    return this.store.pool;
  }

  /** Applies the events in batches of `size`, each in its transaction, as the runner does. */
  async apply(events: readonly StoredEvent[], size = events.length): Promise<void> {
    for (let start = 0; start < events.length; start += size) {
      const batch = events.slice(start, start + size);
      const read = batch.flatMap((event) => readBy(this.projection, event) ?? []);
      await this.change((client) => applyEvents(client, this.projection, read));
    }
  }

  async stop(): Promise<void> {
    await this.store.close();
    await this.drop();
  }

  protected async change(
    work: (client: Parameters<typeof applyEvents>[0]) => Promise<unknown>,
  ): Promise<void> {
    await this.store.transaction(async (client) => {
      await inSchema(client, this.projection);
      await work(client);
    });
  }
}

const inSchema = (client: ProjectionClient, projection: Projection): Promise<unknown> =>
  client.query(`set local search_path to ${schemaOf(projection)}, public`);
