import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';

import { type Command, Option } from 'commander';

import { contextOf } from '../context.js';
import { CommandFailure, exitCodes } from '../exit-codes.js';
import { limitOption, listRows } from '../list-rows.js';
import { type Cell, printTable, write } from '../output.js';
import { argumentOf, type Kind, thingIdOf } from './lab-reading.js';

type Row = Readonly<Record<string, Cell>>;

/** `voltrace lab experiments cycles|records|rejected-rows|export`: what was recorded, and what was not. */
export const addLabRecords = (group: Command, experiments: Kind): void => {
  group
    .command('cycles')
    .description(
      'Shows the cycles of an experiment: what was charged and discharged, by its records.',
    )
    .argument(...argumentOf(experiments))
    .addOption(
      new Option(
        '--definition <what>',
        'what begins a cycle, instead of what the cycler says',
      ).choices(['recorded', 'charge-first', 'discharge-first', 'as-begun']),
    )
    .addOption(new Option('--electrode <which>', 'of a half-cell').choices(['cathode', 'anode']))
    .option('--reference-cycle <number>', 'that retention compares with')
    .option(...limitOption)
    .option('--csv', 'every cycle with all that is known of it, as CSV')
    .action(listing(experiments, { list: 'cycles', columns: cycleColumns, every: 'every cycle' }));
  group
    .command('records')
    .description('Shows what the cycler recorded, in the order of the test time.')
    .argument(...argumentOf(experiments))
    .option('--from <seconds>', 'of test time')
    .option('--to <seconds>')
    .option('--cycle <number>')
    .option('--step <count>', 'of the executed step')
    .option(...limitOption)
    .option('--csv', 'every record, as CSV')
    .action(
      listing(experiments, { list: 'records', columns: recordColumns, every: 'every record' }),
    );
  group
    .command('rejected-rows')
    .description('Shows the rows of imported files that gave no record, and why.')
    .argument(...argumentOf(experiments))
    .option('--file <name>', 'only rows of this file')
    .option('--fault <fault>', 'only one kind, such as value or cells')
    .option(...limitOption)
    .option('--csv', 'every rejected row, as CSV')
    .action(
      listing(experiments, {
        ...{ list: 'rejected-rows', columns: rejectedColumns, every: 'every rejected row' },
      }),
    );
  group
    .command('export')
    .description('Writes all records of an experiment to a file, or to the standard output.')
    .argument(...argumentOf(experiments))
    .addOption(
      new Option('--format <format>', 'bdf: CSV of the Battery Data Format; Parquet holds metadata')
        .choices(['bdf', 'csv', 'ndjson', 'parquet'])
        .default('bdf'),
    )
    .option('--out <file>', 'is replaced once all records are there')
    .action(exporting(experiments));
};

const cycleColumns = {
  cycle: 'cycle',
  'from s': 'startS',
  'charge Ah': 'chargeAh',
  'discharge Ah': 'dischargeAh',
  'charge Wh': 'chargeWh',
  'discharge Wh': 'dischargeWh',
  'mAh/g': 'specificDischargeMahPerG',
  efficiency: 'coulombicEfficiency',
  retention: 'capacityRetention',
  'max V': 'maxV',
  'max °C': 'maxC',
  partial: 'partial',
} as const;

const recordColumns = {
  'test time s': 'testTimeS',
  at: 'at',
  V: 'voltageV',
  A: 'currentA',
  '°C': 'temperatureC',
  'step count': 'stepCount',
  'step of program': 'stepId',
  cycle: 'cycle',
} as const;

const rejectedColumns = { file: 'file', line: 'line', fault: 'fault', why: 'reason' } as const;

interface Listing {
  readonly list: string;
  readonly columns: Readonly<Record<string, string>>;
  readonly every: string;
}

interface ListingOptions {
  readonly limit?: string;
  readonly csv?: boolean;
  readonly [filter: string]: string | boolean | undefined;
}

const listing =
  (kind: Kind, { list, columns, every }: Listing) =>
  async (given: string, options: ListingOptions, command: Command): Promise<void> => {
    const { api, json } = contextOf(command);
    const { limit, csv, ...query } = options as Record<string, string> & ListingOptions;
    const path = `${kind.path}/${await thingIdOf(api, kind, given)}/${list}`;
    const print = (items: readonly Row[]) => {
      // What is known of few batteries alone takes no room where it is not.
      const isShown = (member: string) =>
        member !== columns['mAh/g'] || items.some((item) => item[member] !== null);
      const shown = Object.entries(columns).filter(([, member]) => isShown(member));
      return printTable(
        shown.map(([name]) => name),
        items.map((item) => shown.map(([, member]) => cellOf(item[member]))),
      );
    };
    return listRows(api, { path, query, json, every, print }, { limit, csv });
  };

/** To a ten-thousandth: what is finer is noise to people, and `--json` has it. */
const cellOf = (value: unknown): Cell => {
  if (Array.isArray(value)) return value.join(', ');
  return typeof value === 'number' ? Math.round(value * 10_000) / 10_000 : (value as Cell);
};

const exporting =
  (kind: Kind) =>
  async (
    given: string,
    { format, out }: { readonly format: string; readonly out?: string },
    command: Command,
  ): Promise<void> => {
    const { api } = contextOf(command);
    const path = `${kind.path}/${await thingIdOf(api, kind, given)}/records`;
    const pieces = api.bytes(path, { format });
    if (out === undefined) {
      for await (const piece of pieces) await write(piece);
      return;
    }
    // What breaks off half way is no file.
    const unfinished = `${out}.part`;
    try {
      await pipeline(pieces, createWriteStream(unfinished));
      await rename(unfinished, out);
    } catch (error) {
      await rm(unfinished, { force: true });
      if (error instanceof CommandFailure) throw error;
      const message = `${out} cannot be written: ${(error as Error).message}`;
      throw new CommandFailure(message, exitCodes.failed, { cause: error });
    }
    await write(`${out} is written.\n`);
  };
