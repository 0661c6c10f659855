import { readFileSync } from 'node:fs';

import type { StoredEvent } from '#event-log/event-log.js';
import { Reading } from '#event-log/reading.js';
import type { EventTypes } from '#kernel/decider.js';
import type { DomainEvent } from '#kernel/event.js';

import { defineProjection, type Projection, type ProjectionClient } from '../projection.js';

interface Work {
  readonly entries: { id: string; stream: string; revision: string; value: number }[];
}

const table = new URL('./table.sql', import.meta.url);

/** A projection that is not idempotent by itself: what is applied twice shows in its sums. */
export interface TallyOptions {
  readonly name?: string;
  readonly version?: number;
  readonly order?: 'stream' | 'global';
  /** Runs before an event is applied; may throw, or end the process. */
  readonly before?: (event: StoredEvent) => void;
  /** Runs inside the transaction, after the rows of a batch are written. */
  readonly afterSave?: (client: ProjectionClient) => Promise<void>;
  readonly tables?: string;
  readonly sources?: readonly URL[];
  /** The event type that it counts. */
  readonly change?: string;
  /** More of what its category holds. */
  readonly types?: Partial<EventTypes<DomainEvent>>;
}

export const tally = (options: TallyOptions = {}): Projection =>
  defineProjection<Work>({
    name: options.name ?? 'tally',
    version: options.version ?? 1,
    order: options.order ?? 'stream',
    sources: options.sources ?? [table],
    tables: options.tables ?? readFileSync(table, 'utf8'),
    reading: new Reading([{ category: 'tally', events: { Counted: true }, ...options.types }]),
    on: {
      [options.change ?? 'Counted']: ({ entries }: Work, event: StoredEvent) => {
        options.before?.(event);
        entries.push({
          id: event.id,
          stream: event.stream,
          revision: event.revision.toString(),
          value: Number(event.data['value']),
        });
      },
    },
    load: () => Promise.resolve({ entries: [] }),
    save: async (client, { entries }) => {
      await client.query(
        'insert into entry select * from unnest($1::uuid[], $2::text[], $3::numeric[], $4::integer[])',
        [
          entries.map(({ id }) => id),
          entries.map(({ stream }) => stream),
          entries.map(({ revision }) => revision),
          entries.map(({ value }) => value),
        ],
      );
      await client.query(
        `insert into total as t (stream, sum)
         select stream, sum(value) from unnest($1::text[], $2::integer[]) as v(stream, value)
          group by stream
         on conflict (stream) do update set sum = t.sum + excluded.sum`,
        [entries.map(({ stream }) => stream), entries.map(({ value }) => value)],
      );
      await options.afterSave?.(client);
    },
  });
