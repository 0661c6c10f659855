import { Refusal } from '#kernel/refusal.js';
import type { Queryable } from '#resource/sql.js';
import type { Line } from '#series/formula.js';
import type { NamedSeries } from '#telemetry/formula/formulas.js';

import {
  readFalls,
  readNeighbours,
  type ReadSample,
  readSamples,
  readSeries,
  type Span,
} from './queries.js';
import { samplesSchema as schema } from './samples.projection.js';
import { rulesOf } from './series.js';

/** Single samples that a formula is computed from, over all that it names. */
const mostSamples = 500_000;

export interface LinesWanted {
  /** Milliseconds since the epoch; `to` is not included. */
  readonly from: number;
  readonly to: number;
  /** As the log was at this position; absent: as it is. */
  readonly position?: bigint | undefined;
}

/**
 * The samples of what a formula names, and how each goes between them. To be read within a transaction.
 * Throws a `Refusal` (`SAMPLES_EXPIRED`, `TOO_MANY_SAMPLES`).
 */
export const readLines = async (
  client: Queryable,
  named: ReadonlyMap<string, NamedSeries>,
  { from, to, position }: LinesWanted,
): Promise<ReadonlyMap<string, Line>> => {
  const lines = new Map<string, Line>();
  const span = { from, last: to - 1 };
  let left = mostSamples;
  for (const [name, { device, series, known }] of named) {
    const [row] = await readSeries(client, device, [series]);
    if (!row) continue;
    left -= (await readFalls(client, row, span)).count;
    if (left < 0) throw tooManySamples();
    if (row.expiredBefore !== null && row.expiredBefore > from)
      throw expired(series, row.expiredBefore);
    const rules = known.declared ?? rulesOf(known.valueType, known.unit);
    lines.set(name, { samples: await withNeighbours(client, row, span, position), rules });
  }
  return lines;
};

/** The time zone of a site. */
export const zoneOf = async (client: Queryable, siteId: string): Promise<string> => {
  const { rows } = await client.query<{ zone: string }>(
    `select zone from ${schema}.sites where id = $1`,
    [siteId],
  );
  return rows[0]?.zone ?? 'UTC';
};

/** The devices that are attached to a site. */
export const devicesOf = async (client: Queryable, siteId: string): Promise<readonly string[]> => {
  const { rows } = await client.query<{ id: string }>(
    `select id from ${schema}.devices where site_id = $1 order by id`,
    [siteId],
  );
  return rows.map(({ id }) => id);
};

const withNeighbours = async (
  client: Queryable,
  series: { readonly id: number },
  span: Span,
  position: bigint | undefined,
): Promise<readonly ReadSample[]> => {
  const around = { from: span.from, to: span.last + 1 };
  const [before, after] = await readNeighbours(client, series, around, position);
  const samples = before ? [before] : [];
  for await (const sample of readSamples(client, series, [span], position)) samples.push(sample);
  if (after) samples.push(after);
  return samples;
};

const tooManySamples = () =>
  new Refusal(
    'TOO_MANY_SAMPLES',
    'unprocessable',
    `a formula is computed from at most ${String(mostSamples)} single samples; ask for a shorter time`,
    { errors: [{ pointer: '?to', reason: 'expected a shorter time' }] },
  );

const expired = (series: string, before: number) =>
  new Refusal(
    'SAMPLES_EXPIRED',
    'unprocessable',
    `single samples of ${series}, which a formula is computed from, were dropped`,
    {
      errors: [{ pointer: '?from', reason: `expected ${new Date(before).toISOString()} or later` }],
    },
  );
