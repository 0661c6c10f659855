import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { CommandFailure, exitCodes } from '../exit-codes.js';
import { builtInDay, type DayProfile } from './house.js';

const minutes = 1_440;

/**
 * The day of a folder with the two files of an OpenEMS simulation (a value in watt for each minute, below a
 * title; what a house draws is negative there), or the built-in one.
 */
export const dayProfile = (folder: string | undefined): DayProfile =>
  folder === undefined
    ? builtInDay()
    : {
        solarW: valuesOf(join(folder, 'h0-summer-weekday-pv-production.csv')),
        loadW: valuesOf(join(folder, 'h0-summer-weekday-non-regulated-consumption.csv')).map(
          (watt) => Math.max(0, -watt),
        ),
      };

const valuesOf = (file: string): number[] => {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new CommandFailure(
      `The profile cannot be read: ${(error as Error).message}`,
      exitCodes.usage,
    );
  }
  const values = text.trim().split(/\r?\n/).slice(1).map(Number);
  if (values.length === minutes && values.every(Number.isFinite)) return values;
  throw new CommandFailure(
    `${file}: expected ${minutes} numbers below a title, one for each minute of a day`,
    exitCodes.usage,
  );
};
