import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Command } from 'commander';

import { type ApiClient, ApiProblem } from '../client.js';
import { contextOf } from '../context.js';
import { CommandFailure, exitCodes, usage } from '../exit-codes.js';
import { counted, printFields, printJson, printTable, write } from '../output.js';
import { progressBar } from '../progress.js';
import { batteries } from './lab-batteries.js';
import { thingIdOf } from './lab-reading.js';
import { type Done, reasonOption } from './post.js';

interface ImportOptions {
  readonly battery: string;
  readonly name: string;
  readonly description?: string;
  readonly zone?: string;
  readonly startedAt?: string;
  readonly dateOrder?: string;
  readonly timeUnit?: string;
  readonly mapping?: string;
  readonly dryRun?: true;
  readonly wait: boolean;
  readonly reason?: string;
}

const path = '/v1/experiments/import';
const jsonBody = { 'content-type': 'application/json' };

/** `voltrace lab import ...` */
export const addLabImport = (lab: Command): void => {
  lab
    .command('import')
    .description(
      'import an experiment from files that a cycler has written: the files of one test of one cell',
    )
    .argument('<files...>', 'Arbin, Maccor, Neware, BioLogic, Landt, Basytec or BDF text')
    .requiredOption('--battery <battery>', 'its id or serialNumber')
    .requiredOption('--name <name>', 'what the lab calls the experiment')
    .option('--description <text>', 'what it was for')
    .option('--zone <zone>', 'time zone of the clock in the files, such as Europe/Brussels')
    .option('--started-at <time>', 'ISO 8601 with zone: when it began, where no file says it')
    .option('--date-order <order>', 'dmy or mdy: how dates such as 5/11/2021 are meant')
    .option('--time-unit <unit>', 's, min or h: of a test time that says none')
    .option('--mapping <file>', 'JSON that says what the columns are, for any other layout')
    .option('--dry-run', 'say what the files would give, and write nothing')
    .option('--no-wait', 'do not wait until every record is taken in')
    .option(...reasonOption)
    .action(importFiles);
};

const importFiles = async (
  files: readonly string[],
  { battery, mapping, dryRun, wait, ...options }: ImportOptions,
  command: Command,
): Promise<void> => {
  const { api, json } = contextOf(command);
  const mapped = mapping === undefined ? {} : { mapping: await mappingIn(mapping) };
  for (const file of files) await checkFile(file);
  const batteryId = await thingIdOf(api, batteries, battery);
  const sent = [];
  for (const file of files) {
    const { sha256, name } = await send(api, file, mapping !== undefined);
    sent.push({ sha256, name });
  }
  const body = { batteryId, files: sent, ...options, ...mapped };
  if (dryRun) {
    const found = await api.postText<Preview>(
      path,
      { dryRun: true },
      JSON.stringify(body),
      jsonBody,
    );
    await (json ? printJson(found) : printPreview(found));
    setExitCode(found);
    return;
  }
  const { id } = await api.post<Done>(path, body);
  if (!wait) return json ? printJson({ id }) : write(`Experiment ${id} is being imported.\n`);
  const imported = await waitFor(api, id);
  await (json ? printJson(imported) : printImported(api, imported));
  setExitCode(imported.import?.found);
};

/** Without what was found it has failed. */
const setExitCode = (found: Found | null | undefined): void => {
  const open = (found?.rejectedRows ?? 0) > 0 ? exitCodes.rowsOpen : exitCodes.ok;
  process.exitCode = found ? open : exitCodes.failed;
};

const checkFile = async (file: string): Promise<void> => {
  const found = await stat(file).catch((error: unknown) => {
    throw new CommandFailure(
      `The file cannot be read: ${(error as Error).message}`,
      exitCodes.usage,
    );
  });
  if (!found.isFile()) throw usage(`${file} is not a file`);
};

const mappingIn = async (file: string): Promise<object> => {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as object;
  } catch (error) {
    throw usage(`The mapping cannot be read: ${(error as Error).message}`);
  }
};

/** A refusal says of which file it is. */
const send = async (api: ApiClient, file: string, isMapped: boolean): Promise<SentFile> => {
  const query = { name: basename(file), forMapping: isMapped ? true : undefined };
  const body = Readable.toWeb(createReadStream(file)) as ReadableStream;
  const headers = { 'content-type': 'text/csv' };
  return api.upload<SentFile>('/v1/cycler-files', query, headers, body).catch((error: unknown) => {
    if (!(error instanceof ApiProblem)) throw error;
    throw new CommandFailure(`${file}: ${error.message}`, error.exitCode, { cause: error });
  });
};

interface SentFile {
  readonly sha256: string;
  readonly name: string;
}

interface Found {
  readonly records: number;
  readonly overlapping: number;
  readonly cycles: 'file' | 'steps';
  readonly files: readonly {
    readonly name: string;
    readonly layout: string;
    readonly rows: number;
    readonly records: number;
    readonly overlapping: number;
    readonly ignored: readonly string[];
  }[];
  readonly rejectedRows: number;
  readonly warnings: readonly {
    readonly file: string;
    readonly what: string;
    readonly message: string;
    readonly line: number;
    readonly count: number;
  }[];
  readonly clock: { readonly count: number };
}

interface Rejected {
  readonly file: string;
  readonly line: number;
  readonly reason: string;
}

interface Times {
  readonly startedAt: string | null;
  readonly endedAt: string | null;
}

interface Preview extends Found, Times {
  readonly complete: boolean;
  readonly rejected: readonly Rejected[];
  readonly firstCycles: readonly Cycle[];
}

interface Imported extends Times {
  readonly id: string;
  readonly status: string;
  readonly message: string | null;
  readonly import: { readonly found: Found | null } | null;
}

interface Cycle {
  readonly cycle: number;
  readonly chargeAh: number;
  readonly dischargeAh: number;
  readonly coulombicEfficiency: number | null;
  readonly partial: readonly string[];
}

const pollMs = 300;

const waitFor = async (api: ApiClient, id: string): Promise<Imported> => {
  const bar = progressBar('import');
  try {
    for (;;) {
      // It is in the list a moment after it was requested.
      const found = await api.get<Imported>(`/v1/experiments/${id}`).catch((error: unknown) => {
        if (error instanceof ApiProblem && error.status === 404) return undefined;
        throw error;
      });
      if (found && found.status !== 'importing') return found;
      bar.update(0, 1, 'records are taken in');
      await sleep(pollMs);
    }
  } finally {
    bar.stop();
  }
};

const shownRows = 20;
/** Each waits for some seconds. */
const maxReads = 10;

const printImported = async (api: ApiClient, imported: Imported): Promise<void> => {
  const { id, status, message, import: parts } = imported;
  await printFields({ experiment: id, status, message });
  if (!parts?.found) return;
  const rejected: Rejected[] = [];
  for await (const row of api.items<Rejected>(
    `/v1/experiments/${id}/rejected-rows`,
    {},
    shownRows,
  )) {
    rejected.push(row);
  }
  await printFound(parts.found, imported, rejected);
  if (parts.found.rejectedRows > rejected.length) {
    await write(`All of them: voltrace lab experiments rejected-rows ${id} --csv\n`);
  }
  await write('\nThe first cycles\n');
  await printCycles(await firstCycles(api, id));
};

/** When all records are in them: they are computed a moment after the last one was taken in. */
const firstCycles = async (api: ApiClient, id: string): Promise<readonly Cycle[]> => {
  const of = `/v1/experiments/${id}`;
  let after: string | undefined;
  for await (const event of api.items<{ readonly position: string }>(`${of}/history`, {}, 1_000)) {
    after = event.position;
  }
  for (let read = 1; ; read += 1) {
    try {
      const found: Cycle[] = [];
      const cycles = api.items<Cycle>(`${of}/cycles`, { after }, shownRows);
      for await (const cycle of cycles) found.push(cycle);
      return found;
    } catch (error) {
      const isLate = error instanceof ApiProblem && error.problem.code === 'NOT_YET_VISIBLE';
      if (!isLate || read === maxReads) throw error;
    }
  }
};

const printCycles = (cycles: readonly Cycle[]): Promise<void> =>
  printTable(
    ['cycle', 'charge Ah', 'discharge Ah', 'efficiency', 'not whole'],
    cycles.map(({ cycle, chargeAh, dischargeAh, coulombicEfficiency, partial }) => [
      ...[cycle, chargeAh.toFixed(5), dischargeAh.toFixed(5), coulombicEfficiency?.toFixed(4)],
      partial.join(', '),
    ]),
  );

const printPreview = async (found: Preview): Promise<void> => {
  await printFound(found, found, found.rejected.slice(0, shownRows));
  await write('\nThe first cycles\n');
  await printCycles(found.firstCycles);
  if (!found.complete) await write('The files were not read to their end: that takes too long.\n');
  await write('This was a dry run: nothing is written.\n');
};

const printFound = async (
  { records, overlapping, cycles, files, rejectedRows, warnings, clock }: Found,
  { startedAt, endedAt }: Times,
  rejected: readonly Rejected[],
): Promise<void> => {
  await printFields({
    ...{ from: startedAt, to: endedAt, records, overlapping },
    cycles: cycles === 'file' ? 'as the files count them' : 'found from what flowed',
    'rejected rows': rejectedRows,
    'clock left the test time': counted(clock.count, 'time'),
  });
  await printTable(
    ['file', 'layout', 'rows', 'records', 'overlapping', 'not read'],
    files.map(({ name, layout, rows, ignored, ...file }) => [
      ...[name, layout, rows, file.records, file.overlapping, ignored.join(', ')],
    ]),
  );
  if (rejected.length > 0) {
    await write('\nRejected rows\n');
    await printTable(
      ['file', 'line', 'why'],
      rejected.map(({ file, line, reason }) => [file, line, reason]),
    );
    if (rejectedRows > rejected.length) await write(`${rejectedRows - rejected.length} more.\n`);
  }
  if (warnings.length === 0) return;
  await write('\nWarnings\n');
  await printTable(
    ['file', 'from line', 'times', 'what'],
    warnings.map(({ file, line, count, message }) => [file, line, count, message]),
  );
};
