import { Refusal } from '#kernel/refusal.js';

import type { ImportReport } from '../file/report.js';
import type { Reading } from './events.js';

/** Nothing was recorded before, and no clock shows a year of five digits. */
const [earliestMs, latestMs] = [0, Date.UTC(9999, 0)];

/**
 * When the test time was zero, in milliseconds since 1970: as whoever imports it says, else as the files do. Throws
 * `Refusal`: `ZONE_NEEDED` where a clock of an unknown zone is all that is known, `START_UNKNOWN`, `START_IMPOSSIBLE`.
 */
export const startOf = (
  { start }: Pick<ImportReport, 'start'>,
  { startedAt }: Pick<Reading, 'startedAt'>,
): number => {
  const ms = startedAt === null ? startIn(start) : Date.parse(startedAt);
  if (ms >= earliestMs && ms <= latestMs) return ms;
  throw refusal(
    'START_IMPOSSIBLE',
    'the test would have begun before 1970 or after the year 9998',
    '/startedAt',
    'expected when the test time was zero, since the clock of the files cannot be right',
  );
};

const startIn = (start: ImportReport['start']): number => {
  if (start === null) {
    throw refusal(
      'START_UNKNOWN',
      'the files do not say when the test began',
      '/startedAt',
      'expected when the test time was zero, such as 2026-05-04T11:00:00Z',
    );
  }
  if ('utcMs' in start) return start.utcMs;
  throw refusal(
    'ZONE_NEEDED',
    `the files say that the test began at ${start.local}, but not in which time zone`,
    '/zone',
    'expected the time zone of the clock, such as Europe/Brussels, or startedAt',
  );
};

const refusal = (code: string, message: string, pointer: string, reason: string) =>
  new Refusal(code, 'unprocessable', message, { errors: [{ pointer, reason }] });
