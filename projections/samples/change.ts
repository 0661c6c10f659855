import type { ProjectionClient } from '#subscription/projection/projection.js';

import type { Arriving } from './arriving.js';
import { type Calendar, hourMs, minuteMs } from './buckets.js';
import { piecesIn, rangeArrays, rollupColumns } from './pieces.js';
import { recompute } from './recompute.js';
import { readEnds, type Series } from './series.js';
import { timeFrom } from './sql.js';
import {
  dropEmptyPartitions,
  ensurePartitions,
  insertFresh,
  placeOf,
  readSamples,
} from './store.js';

/** Puts what a person said in the place of a sample, and keeps what was there. */
export const correct = async (
  client: ProjectionClient,
  sample: Arriving,
  zone: Calendar,
): Promise<void> => {
  const { series, at, value, text, quality, origin } = sample;
  const old = (await readSamples(client, [sample])).get(placeOf(sample));
  await client.query(
    `insert into sample_corrections (series_id, at, position, old_value, old_text, old_quality,
       old_position, new_value, new_text, new_quality)
     values ($1, ${timeFrom('$2::float8')}, $3, $4, $5, $6, $7, $8, $9, $10)
     on conflict (series_id, at, position) do nothing`,
    [
      ...[series.id, at, origin.position],
      ...(old ? [old.value, old.text, old.quality, old.position] : [null, null, null, null]),
      ...[value, text, quality],
    ],
  );
  // The roll-ups of a time without its single samples cannot be computed again.
  if (series.expiredBefore !== null && at < series.expiredBefore) return;
  await client.query(
    `delete from samples where series_id = $1 and at = ${timeFrom('$2::float8')}`,
    [series.id, at],
  );
  if (value === null && text === null) series.removed.add(at);
  else {
    series.removed.delete(at);
    await ensurePartitions(client, [sample]);
    await insertFresh(client, [sample]);
  }
  await recompute(client, [{ id: series.id, zone, at, expiredBefore: series.expiredBefore }]);
  await readEnds(client, series);
};

const weekMs = 7 * 24 * hourMs;

/** Drops single samples; roll-ups stay. Whole minutes, so that each minute can still be computed from all or from none. */
export const expire = async (
  client: ProjectionClient,
  series: Series,
  before: number,
): Promise<void> => {
  const until = Math.floor(before / minuteMs) * minuteMs;
  const done = series.expiredBefore;
  if (done !== null && until <= done) return;
  series.expiredBefore = until;
  const from = Math.max(done ?? -Infinity, series.firstAt ?? until);
  // A statement has its time: years of seconds are dropped week by week.
  for (let start = from; start < until; start += weekMs) {
    const end = Math.min(until, start + weekMs);
    for (const level of ['minute', 'hour'] as const)
      await keepSingles(client, level, series, { start, end });
    for (const table of ['samples', 'sample_conflicts', 'sample_corrections']) {
      await client.query(
        `delete from ${table} where series_id = $1
            and at >= ${timeFrom('$2::float8')} and at < ${timeFrom('$3::float8')}`,
        [series.id, start, end],
      );
    }
  }
  await dropEmptyPartitions(client, until);
};

/** Writes the rows of minutes and hours that have none because their only sample says it all: see `isSparse`. */
const keepSingles = async (
  client: ProjectionClient,
  level: 'minute' | 'hour',
  { id }: Series,
  { start: from, end }: { readonly start: number; readonly end: number },
): Promise<void> => {
  const start = Math.floor(from / hourMs) * hourMs;
  const columns = rollupColumns.join(', ');
  await client.query(
    `${piecesIn(level)} insert into rollup_${level} (${columns})
     select ${columns} from piece where count = 1 on conflict do nothing`,
    rangeArrays([{ id, start, end }]),
  );
};
