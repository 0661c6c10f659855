import type pg from 'pg';

import type { RecordedEvent } from './event.js';
import type { LoadedIds, Missing } from './group.js';

/** A page ends after this many events. */
export const PAGE_EVENTS = 512;
/** A page ends after this many bytes of data and metadata, whatever its limit of events. */
export const PAGE_BYTES = 1024 * 1024;

export interface LogPage {
  readonly events: readonly RecordedEvent[];
  /** There was nothing more when the page was read. */
  readonly complete: boolean;
}

interface Row extends Omit<RecordedEvent, 'isJson'> {
  readonly is_json: boolean;
}

const columns = 'position, stream, revision, id, type, is_json, data, metadata, created';

/**
 * The `selected` columns of the rows of `from`, in `order`, until they hold more than `PAGE_BYTES`; at
 * least one. `size` is what a row counts for.
 */
export const bounded = (
  from: string,
  order: string,
  { selected, size }: { readonly selected: string; readonly size: string },
): string => `
  select ${selected} from (
    select *, sum(${size}) over (order by ${order} rows unbounded preceding) as total
    from (${from}) as page
  ) as sized
  where total - (${size}) < ${PAGE_BYTES}
  order by ${order}`;

/** Whether there was nothing more than these rows of so many bytes when `limit` were asked for. */
export const isComplete = (rows: number, bytes: number, limit: number): boolean =>
  rows < limit && bytes < PAGE_BYTES;

const event = { selected: columns, size: 'octet_length(data) + octet_length(metadata)' };

const allForwards = bounded(
  'select * from events where position >= $1 order by position limit $2',
  'position',
  event,
);
const allBackwards = bounded(
  'select * from events where position <= $1 order by position desc limit $2',
  'position desc',
  event,
);
const streamForwards = bounded(
  `select * from events where stream = $1 and revision between $2 and $3 and created >= $4
   order by revision limit $5`,
  'revision',
  event,
);
const streamBackwards = bounded(
  `select * from events where stream = $1 and revision between $2 and $3 and created >= $4
   order by revision desc limit $5`,
  'revision desc',
  event,
);
const byRevision = `
  select ${columns} from events
  join unnest($1::text[], $2::bigint[]) as wanted(name, at)
    on stream = wanted.name collate "C" and revision = wanted.at`;
const idsFrom =
  'select revision, id, position from events where stream = $1 and revision >= $2 order by revision limit $3';

export interface StreamRange {
  readonly stream: string;
  /** Both inclusive. */
  readonly first: bigint;
  readonly last: bigint;
  /** Older events are left out; in ticks. */
  readonly createdFrom: bigint;
}

/** Reads committed events from the database, in pages. */
export class LogReader {
  constructor(private readonly pool: pg.Pool) {}

  allForwards(from: bigint, limit: number): Promise<LogPage> {
    return this.page('all-forwards', allForwards, [from, limit], limit);
  }

  allBackwards(from: bigint, limit: number): Promise<LogPage> {
    return this.page('all-backwards', allBackwards, [from, limit], limit);
  }

  stream(range: StreamRange, backwards: boolean, limit: number): Promise<LogPage> {
    const { stream, first, last, createdFrom } = range;
    const values = [stream, first, last, createdFrom, limit];
    return backwards
      ? this.page('stream-backwards', streamBackwards, values, limit)
      : this.page('stream-forwards', streamForwards, values, limit);
  }

  /** The events at these places, in no order; missing ones are left out. */
  async at(places: readonly { stream: string; revision: bigint }[]): Promise<RecordedEvent[]> {
    const { rows } = await this.pool.query<Row>({
      name: 'by-revision',
      text: byRevision,
      values: [places.map((place) => place.stream), places.map((place) => place.revision)],
    });
    return rows.map(recorded);
  }

  async ids({ stream, first, count }: Missing & { kind: 'ids' }): Promise<LoadedIds> {
    const { rows } = await this.pool.query<{ revision: bigint; id: string; position: bigint }>({
      name: 'ids',
      text: idsFrom,
      values: [stream, first, count],
    });
    return new Map(rows.map(({ revision, id, position }) => [revision, { id, position }]));
  }

  private async page(
    name: string,
    text: string,
    values: unknown[],
    limit: number,
  ): Promise<LogPage> {
    const { rows } = await this.pool.query<Row>({ name, text, values });
    const events = rows.map(recorded);
    const bytes = events.reduce(
      (sum, { data, metadata }) => sum + data.length + metadata.length,
      0,
    );
    return { events, complete: isComplete(events.length, bytes, limit) };
  }
}

const recorded = ({ is_json: isJson, ...row }: Row): RecordedEvent => ({ ...row, isJson });
