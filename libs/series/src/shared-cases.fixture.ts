import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe } from 'vitest';

import { projectRoot } from '#testing/build.js';

const folder = join(projectRoot, '..', 'shared', 'cases', 'telemetry');

interface Bucketed {
  readonly count: number;
  readonly sum: number;
}

/** What the file of cases says is right, as far as the tests of series use it. */
export interface SharedCase {
  readonly file: string;
  readonly delta: number;
  readonly bad_readings: number;
  readonly resets: number;
  readonly twa_hold: number;
  readonly twa_linear: number;
  readonly plain_mean_of_the_days_samples_which_is_no_twa: number;
  readonly twa_linear_of_covered: number;
  readonly coverage: number;
  readonly energy_kWh: number;
  readonly covered_hours: number;
  readonly zone?: string;
  readonly days: Readonly<Record<string, Bucketed>>;
  readonly hours: Readonly<Record<string, Bucketed>>;
}

const read = (file: string): string => readFileSync(join(folder, file), 'utf8');

export const hasSharedCases = existsSync(folder);

/** Tests over the cases that stand beside the repository; skipped, saying so, where they are absent. */
export const describeSharedCases: (name: string, tests: () => void) => void = hasSharedCases
  ? describe
  : (name, tests) => {
      describe.skip(`${name} (../shared/cases/telemetry is absent)`, tests);
    };

export const sharedCases = (): readonly SharedCase[] =>
  hasSharedCases ? (JSON.parse(read('expected.json')) as readonly SharedCase[]) : [];

export const sharedCase = (file: string): SharedCase => {
  const found = sharedCases().find((one) => one.file === file);
  if (!found) throw new Error(`expected.json has no ${file}`);
  return found;
};

/** Times and values of a case. */
export const sharedSamples = (file: string): readonly (readonly [at: number, value: number])[] =>
  read(file)
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => {
      const [time = '', value] = line.split(',');
      return [Date.parse(time), Number(value)];
    });
