import type pg from 'pg';

import { MAX_STREAM_BYTES } from './decode.js';
import { DELETION, linkRecord } from './derived-streams.js';
import { unavailable } from './failure.js';
import { bounded, isComplete, type LogPage, type StreamRange } from './read-log.js';

/** Events whose links are made in one statement. */
const CHUNK = 5_000;

/**
 * Makes the links of the next events and moves the checkpoint, or does nothing where it is not at $1
 * any more. The last revision of each derived stream is read in the same snapshot as the events, which
 * the fence makes valid: nobody else has added links since.
 */
const advance = `
  with chunk as materialized (
    select position, stream, type,
      type = '$metadata' and starts_with(stream, '$$') and data = $3 as is_deletion
    from events where position > $1 order by position limit $2
  ), moved as (
    update derived_checkpoint set position = reached.position
    from (select max(position) as position from chunk) as reached
    where singleton and derived_checkpoint.position = $1 and reached.position is not null
    returning derived_checkpoint.position
  ), entries as (
    select '$ce-' || split_part(name, '-', 1) as name, position
    from (
      select case when is_deletion then substr(stream, 3) else stream end as name, position from chunk
    ) as named
    where strpos(name, '-') > 0 and not starts_with(name, '$')
    union all
    select '$et-' || type, position from chunk where type <> '$>'
  ), numbered as materialized (
    select name, position, row_number() over (partition by name order by position) as nth
    from entries where octet_length(name) <= ${MAX_STREAM_BYTES}
  ), ends as materialized (
    select name, coalesce((
      select revision from derived_links
      where stream = name collate "C" order by revision desc limit 1
    ), -1) as last
    from (select distinct name from numbered) as names
  ), added as (
    insert into derived_links (stream, revision, position)
    select name, ends.last + numbered.nth, numbered.position
    from numbered join ends using (name) cross join moved
  )
  select position from moved`;

const checkpoint = 'select position from derived_checkpoint where singleton';

/** The checkpoint, and the last revision of the stream in the same snapshot. */
const end = `
  select position, coalesce((
    select revision from derived_links where stream = $1 order by revision desc limit 1
  ), -1) as last
  from derived_checkpoint where singleton`;

const pageIn = (order: 'asc' | 'desc'): string =>
  bounded(
    `select link.revision as link_revision, event.position, event.stream, event.revision, event.type,
       event.created, case when event.type = '$>' then event.data else '' end as data,
       octet_length(event.data) + octet_length(event.metadata) as size
     from derived_links link join events event on event.position = link.position
     where link.stream = $1 and link.revision between $2 and $3
     order by link.revision ${order} limit $4`,
    `link_revision ${order}`,
    { selected: '*', size: 'size' },
  );

const forwards = pageIn('asc');
const backwards = pageIn('desc');

interface LinkRow {
  readonly link_revision: bigint;
  readonly position: bigint;
  readonly stream: string;
  readonly revision: bigint;
  readonly type: string;
  readonly created: bigint;
  readonly data: Buffer;
  /** Bytes of the event that is linked. */
  readonly size: number;
}

/**
 * The links of `$ce-<category>` and `$et-<type>`, in tables of their own.
 *
 * Appending does not touch them: whoever reads such a stream first brings them up to the events that
 * are committed then. Where nobody reads one, they are empty and cost nothing.
 */
export class DerivedIndex {
  /** Every event up to here has its links; undefined until it is known. */
  private position: bigint | undefined;
  /** One at a time: whoever comes meanwhile waits for it, too. */
  private underway: Promise<void> | undefined;
  /** Why nothing may be added now. */
  private refusal: string | undefined;

  constructor(
    private readonly pool: pg.Pool,
    private readonly log: { readonly head: bigint },
  ) {}

  /** Adds nothing from now on for this reason, or goes on where there is none: links take room, too. */
  refuse(reason: string | undefined): void {
    this.refusal = reason;
  }

  /**
   * The last revision of a derived stream, -1 for none, when the log is linked up to `position`, which
   * includes everything acknowledged so far.
   */
  async end(stream: string): Promise<{ readonly position: bigint; readonly last: bigint }> {
    await this.bringUpTo(this.log.head);
    const { rows } = await this.pool.query<{ position: bigint; last: bigint }>({
      name: 'derived-end',
      text: end,
      values: [stream],
    });
    const [row] = rows;
    if (row === undefined) throw new Error('the checkpoint of derived streams is missing');
    return row;
  }

  /** Links in their order or against it, until the events that they lead to fill a page. */
  async stream(
    { stream, first, last }: StreamRange,
    against: boolean,
    limit: number,
  ): Promise<LogPage> {
    const { rows } = await this.pool.query<LinkRow>({
      name: against ? 'derived-backwards' : 'derived-forwards',
      text: against ? backwards : forwards,
      values: [stream, first, last, limit],
    });
    const events = rows.map(({ link_revision: revision, ...original }) =>
      linkRecord(stream, revision, original),
    );
    const bytes = rows.reduce((sum, { size }) => sum + size, 0);
    return { events, complete: isComplete(rows.length, bytes, limit) };
  }

  private async bringUpTo(position: bigint): Promise<void> {
    this.position ??= await this.checkpoint();
    while (this.position < position) {
      if (this.refusal !== undefined) throw unavailable(this.refusal);
      this.underway ??= this.advance(this.position).finally(() => (this.underway = undefined));
      await this.underway;
    }
  }

  private async advance(from: bigint): Promise<void> {
    const { rows } = await this.pool.query<{ position: bigint }>({
      name: 'derived-advance',
      text: advance,
      values: [from, CHUNK, DELETION],
    });
    const [moved] = rows;
    this.position = moved?.position ?? (await this.checkpoint());
  }

  private async checkpoint(): Promise<bigint> {
    const { rows } = await this.pool.query<{ position: bigint }>(checkpoint);
    return rows[0]?.position ?? 0n;
  }
}
