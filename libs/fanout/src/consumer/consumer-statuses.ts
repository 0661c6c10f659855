import { formatPosition } from '#event-log/position.js';
import { Refusal } from '#kernel/refusal.js';
import { positionOf, type PositionRow } from '#read-store/builds.js';
import type { ReadStore } from '#read-store/read-store.js';

/** A consumer that said nothing for so long does not run. */
const silentMs = 20_000;

export interface ConsumerPartition {
  readonly topic: string;
  readonly partition: number;
  /** Kafka: the offset to read next. Log: the commit position through which it was read. 64-bit, hence text. */
  readonly nextOffset: string;
  readonly endOffset: string | null;
  /** Position of the log, of the last fact that was taken. */
  readonly position: string | null;
  /** 0 at the end; else the time since it was last there, or since the last fact was recorded. Null: never was. */
  readonly lagSeconds: number | null;
  readonly done: number;
  readonly skipped: number;
  readonly dead: number;
}

/** How a consumer stands, as its tables say: whichever process runs it, or none. */
export interface ConsumerOverview {
  readonly name: string;
  readonly transport: 'kafka' | 'log';
  /** down: no process says that it runs it. */
  readonly state: 'running' | 'waiting' | 'stopped' | 'down';
  readonly reason: string | null;
  readonly notedAt: Date;
  /** Of the partition that is furthest behind. Null: not known, as for one that does not read. */
  readonly lagSeconds: number | null;
  /** Records on Kafka that it has not read yet, some of which may be none of its facts. Null on the log, and where not known. */
  readonly pending: number | null;
  readonly deadLetters: number;
  /** What was last asked of it, and what came of it. */
  readonly control: {
    readonly revision: string;
    readonly outcome: string;
    readonly at: Date;
  } | null;
  readonly partitions: readonly ConsumerPartition[];
}

interface ConsumerRow {
  name: string;
  transport: 'kafka' | 'log';
  state: 'running' | 'waiting' | 'stopped';
  reason: string | null;
  noted_at: Date;
  is_silent: boolean;
  control_revision: string | null;
  control_outcome: string | null;
  control_at: Date | null;
  dead_letters: string;
}

interface PartitionRow extends PositionRow {
  consumer: string;
  topic: string;
  partition: number;
  next_offset: string;
  end_offset: string | null;
  behind_seconds: string | null;
  done: string;
  skipped: string;
  dead: string;
}

/** Every consumer that ever ran, or the one that is named. */
export const consumerStatuses = async (
  { pool }: ReadStore,
  name?: string,
): Promise<ConsumerOverview[]> => {
  const { rows } = await pool.query<ConsumerRow>(
    `select name, transport, state, reason, noted_at,
            noted_at < clock_timestamp() - $2 * interval '1 millisecond' as is_silent,
            control_revision, control_outcome, control_at,
            (select count(*) from fanout.dead_letter d where d.consumer = c.name) as dead_letters
       from fanout.consumer c
      where $1::text is null or name = $1 order by name`,
    [name ?? null, silentMs],
  );
  const partitions = await pool.query<PartitionRow>(
    `select consumer, topic, partition, next_offset, end_offset, commit_position, prepare_position,
            case when next_offset >= end_offset then 0
                 else extract(epoch from clock_timestamp() - greatest(fact_recorded_at, caught_up_at))
            end as behind_seconds,
            done, skipped, dead
       from fanout.consumer_offset
      where $1::text is null or consumer = $1 order by consumer, topic, partition`,
    [name ?? null],
  );
  return rows.map((row) =>
    overviewOf(
      row,
      partitions.rows.filter(({ consumer }) => consumer === row.name),
    ),
  );
};

/** Throws a `Refusal` (`CONSUMER_NOT_FOUND`). */
export const consumerStatus = async (store: ReadStore, name: string): Promise<ConsumerOverview> => {
  const [status] = await consumerStatuses(store, name);
  if (status) return status;
  throw new Refusal('CONSUMER_NOT_FOUND', 'not-found', `no consumer ${name} has ever run`);
};

const overviewOf = (row: ConsumerRow, rows: readonly PartitionRow[]): ConsumerOverview => {
  const partitions = rows.map(partitionOf);
  const lags = partitions.flatMap(({ lagSeconds }) => lagSeconds ?? []);
  const state = row.is_silent ? 'down' : row.state;
  // Nothing that is new was seen: there may well be something.
  const nothingUnlessSeen = (count: number | null): number | null =>
    count === 0 && state !== 'running' ? null : count;
  const { control_revision: revision, control_outcome: outcome, control_at: at } = row;
  return {
    name: row.name,
    transport: row.transport,
    state,
    reason: row.is_silent ? silence(row) : row.reason,
    notedAt: row.noted_at,
    lagSeconds: nothingUnlessSeen(lags.length > 0 ? Math.max(...lags) : null),
    pending: row.transport === 'kafka' ? nothingUnlessSeen(pendingOf(rows)) : null,
    deadLetters: Number(row.dead_letters),
    control: revision !== null && outcome !== null && at ? { revision, outcome, at } : null,
    partitions,
  };
};

const silence = ({ noted_at: notedAt, reason }: ConsumerRow): string =>
  `nothing was heard of it since ${notedAt.toISOString()}${reason === null ? '' : `: ${reason}`}`;

const partitionOf = (row: PartitionRow): ConsumerPartition => {
  const position = positionOf(row);
  const { topic, partition, behind_seconds: behind } = row;
  return {
    topic,
    partition,
    nextOffset: row.next_offset,
    endOffset: row.end_offset,
    position: position ? formatPosition(position) : null,
    lagSeconds: behind === null ? null : Math.max(0, Math.round(Number(behind) * 10) / 10),
    done: Number(row.done),
    skipped: Number(row.skipped),
    dead: Number(row.dead),
  };
};

const pendingOf = (rows: readonly PartitionRow[]): number =>
  rows.reduce((sum, { next_offset: next, end_offset: end }) => {
    const left = end === null ? 0n : BigInt(end) - BigInt(next);
    return sum + Math.max(0, Number(left));
  }, 0);
