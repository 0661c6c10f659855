import { randomUUID } from 'node:crypto';

import type { StoredEvent } from '#event-log/event-log.js';
import { ProjectionDatabase } from '#subscription/projection/test/projection-database.js';
import { commandMeta } from '#testing/decider-spec.js';

import { levels } from './buckets.js';
import { readPieces } from './pieces.js';
import { samples, samplesSchema } from './samples.projection.js';

/** A real database with the tables of samples. */
export class SamplesDatabase extends ProjectionDatabase {
  static async create(): Promise<SamplesDatabase> {
    return new SamplesDatabase(...(await ProjectionDatabase.partsOf(samples)));
  }

  async clear(): Promise<void> {
    await this.change((client) => client.query(`truncate ${tables.join(', ')}`));
  }

  rows<T extends object>(sql: string, values: unknown[] = []): Promise<T[]> {
    return this.store.transaction(async (client) => {
      await client.query(`set local search_path to ${samplesSchema}`);
      return (await client.query<T>(sql, values)).rows;
    });
  }

  /** What all levels hold, whether in a row or in a single sample. */
  async pieces(): Promise<readonly unknown[]> {
    return this.store.transaction(async (client) => {
      await client.query(`set local search_path to ${samplesSchema}`);
      const { rows } = await client.query<{ id: number }>('select id from series order by id');
      const ranges = rows.map(({ id }) => ({ id, start: 0, end: Date.UTC(2030, 0) }));
      const all = [];
      for (const level of levels) all.push(await readPieces(client, level, ranges));
      return all;
    });
  }

  /** Every row of the tables named, as text, in a fixed order. */
  async dump(names: readonly string[] = tables): Promise<readonly string[]> {
    const dumps = [];
    for (const name of names) {
      const rows = await this.rows<{ line: string }>(
        `select t::text as line from ${name} t order by t::text collate "C"`,
      );
      dumps.push(...rows.map(({ line }) => `${name} ${line}`));
    }
    return dumps;
  }
}

export const rollUps = ['rollup_minute', 'rollup_hour', 'rollup_day', 'rollup_month'];
const tables = [
  ...['series', 'samples', 'sample_conflicts', 'sample_corrections', 'intake', 'sites', 'devices'],
  ...rollUps,
];

/** Events as they lie in the log, one after the other. */
export class SamplesLog {
  readonly events: StoredEvent[] = [];

  add(stream: string, type: string, data: object): this {
    const commit = BigInt(this.events.length * 10);
    const { actor } = commandMeta();
    const recordedAt = new Date(Date.UTC(2026, 11, 1) + this.events.length * 7_000);
    this.events.push({
      ...{ id: randomUUID(), stream, type, revision: 0n, created: recordedAt },
      data: data as StoredEvent['data'],
      position: { commit, prepare: commit },
      metadata: {
        ...{ $correlationId: 'c', $causationId: 'c', commandId: 'c', commandHash: 'h', actor },
        ...{ source: 'mqtt', recordedAt: recordedAt.toISOString() },
        occurredAt: recordedAt.toISOString(),
      },
    });
    return this;
  }

  /** A chunk of one series. */
  record(device: string, series: string, taken: readonly (readonly [number, unknown])[]): this {
    const [first = [0]] = taken;
    const t0 = Math.min(...taken.map(([at]) => at), first[0]);
    const block = {
      t0: new Date(t0).toISOString(),
      t: taken.map(([at]) => at - t0),
      series: { [series]: { values: taken.map(([, value]) => value) } },
      hash: 'h',
    };
    return this.add(`samples-${device}.20260101`, 'SamplesRecorded', { device, blocks: [block] });
  }
}
