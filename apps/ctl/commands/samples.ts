import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createInterface } from 'node:readline';

import { type Command, Option } from 'commander';

import type { ApiClient, Query } from '../client.js';
import { contextOf, segment } from '../context.js';
import { CommandFailure, exitCodes, usage } from '../exit-codes.js';
import { deviceHelp, deviceIdOf } from '../named.js';
import { counted, printFields, printJson } from '../output.js';
import { progressBar } from '../progress.js';
import { addSamplesFollowing } from './samples-following.js';
import { addSamplesReading } from './samples-reading.js';

/** Rows that are sent at once: what is lost with a connection is sent again, and changes nothing. */
const rowsAtOnce = 20_000;

interface ImportOptions {
  readonly time?: string;
  readonly columns?: string;
  readonly series?: string;
  readonly timeUnit?: string;
  readonly delimiter?: string;
  readonly parseText?: boolean;
  readonly skipRows?: string;
  readonly reason?: string;
}

interface Taken {
  readonly samples: number;
  readonly expired: number;
  readonly quarantined: number;
  readonly repeated: number;
  readonly position: string;
}

export function addSamplesCommands(voltrace: Command): void {
  const samples = voltrace.command('samples').description('what devices measured');
  samples
    .command('import')
    .description('record samples of a device from a file: CSV with a row of titles, or NDJSON')
    .argument('<device>', deviceHelp)
    .argument('<file>')
    .option('--time <title>', 'column of times (time)')
    .option(
      '--columns <list>',
      'columns that are taken, and their series: title:series,title:series',
    )
    .option('--series <series>', 'the series of the one value of each row')
    .addOption(
      new Option('--time-unit <unit>', 'of times that are numbers').choices([
        'ms',
        's',
        'us',
        'ns',
      ]),
    )
    .addOption(new Option('--delimiter <delimiter>').choices([',', ';', '|', 'tab']))
    .option('--parse-text', 'JSON texts such as "12.5" are numbers of a numeric series')
    .option('--skip-rows <count>', 'go on behind rows that an earlier try recorded')
    .option('--reason <text>', 'why; kept with the events')
    .action(importSamples);
  addSamplesReading(samples);
  addSamplesFollowing(samples);
}

async function importSamples(
  named: string,
  file: string,
  options: ImportOptions,
  command: Command,
): Promise<void> {
  const { api, json } = contextOf(command);
  const { skipRows = '0', ...query } = options;
  if (!/^\d+$/.test(skipRows))
    throw usage(`--skip-rows is "${skipRows}"; expected a number of rows.`);
  const size = await sizeOf(file);
  const device = await deviceIdOf(api, named);
  const isCsv = !/\.(ndjson|jsonl)$/i.test(file);
  const sent = { rows: 0, samples: 0, expired: 0, quarantined: 0, repeated: 0, position: '0' };
  const bar = progressBar('samples');
  try {
    for await (const piece of piecesOf(file, isCsv, Number(skipRows))) {
      const taken = await send(api, device, isCsv, query, piece.text);
      sent.rows = piece.rows;
      sent.samples += taken.samples;
      sent.expired += taken.expired;
      sent.quarantined += taken.quarantined;
      sent.repeated += taken.repeated;
      sent.position = taken.position;
      bar.update(piece.bytes, size, counted(sent.rows, 'row'));
    }
  } catch (error) {
    if (sent.rows > 0 && error instanceof CommandFailure) {
      const again = `Rows 1 to ${sent.rows} are recorded: go on with --skip-rows ${sent.rows}.`;
      throw new CommandFailure(`${error.message}\n${again}`, error.exitCode, { cause: error });
    }
    throw error;
  } finally {
    bar.stop();
  }
  await (json ? printJson(sent) : printFields(sent));
  if (sent.quarantined > 0) process.exitCode = exitCodes.rowsOpen;
}

const send = (
  api: ApiClient,
  device: string,
  isCsv: boolean,
  query: Query,
  body: string,
): Promise<Taken> =>
  api.postText<Taken>(`/v1/devices/${segment(device)}/samples`, query, body, {
    'content-type': isCsv ? 'text/csv' : 'application/x-ndjson',
  });

interface Piece {
  readonly text: string;
  /** Rows and bytes of the file up to its end. */
  readonly rows: number;
  readonly bytes: number;
}

/** Whole lines, below the row of titles where there is one. Cells that hold line ends are not for this. */
async function* piecesOf(file: string, isCsv: boolean, skip: number): AsyncGenerator<Piece> {
  let titles = isCsv ? undefined : '';
  let [rows, bytes] = [0, 0];
  let lines: string[] = [];
  const text = (): string => `${titles}${lines.join('\n')}\n`;
  for await (const line of createInterface({
    input: createReadStream(file),
    crlfDelay: Infinity,
  })) {
    bytes += Buffer.byteLength(line) + 1;
    if (titles === undefined) {
      titles = `${line}\n`;
      continue;
    }
    if (line.trim() === '') continue;
    rows += 1;
    if (rows <= skip) continue;
    lines.push(line);
    if (lines.length < rowsAtOnce) continue;
    yield { text: text(), rows, bytes };
    lines = [];
  }
  if (lines.length > 0) yield { text: text(), rows, bytes };
}

async function sizeOf(file: string): Promise<number> {
  try {
    return (await stat(file)).size;
  } catch (error) {
    throw new CommandFailure(
      `The file cannot be read: ${(error as Error).message}`,
      exitCodes.usage,
    );
  }
}
