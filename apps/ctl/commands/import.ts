import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { Readable } from 'node:stream';

import type { Command } from 'commander';

import type { ApiClient } from '../client.js';
import { contextOf, segment } from '../context.js';
import { CommandFailure, type ExitCode, exitCodes } from '../exit-codes.js';
import { importIdOf } from '../import-id.js';
import {
  type ImportView,
  outcomes,
  type Preview,
  printAbsences,
  printImport,
  printImports,
  printPreview,
  printRows,
  printWaiting,
  type RowView,
  waitForImport,
} from '../import-progress.js';
import { defaultLimit, type ListOptions, listRows } from '../list-rows.js';
import { printJson, write } from '../output.js';

interface ImportOptions {
  readonly issueCodes: boolean;
  readonly dryRun?: boolean;
  readonly wait: boolean;
  readonly asOf?: string;
  readonly reason?: string;
}

const anImport = 'its id or the beginning of it (voltrace import list)';

export function addImportCommands(voltrace: Command): void {
  const imports = voltrace
    .command('import')
    .description('load equipment lists; see what became of their rows');
  for (const kind of ['products', 'manufacturers'] as const) {
    imports
      .command(kind)
      .description(`load a list of ${kind} (CSV or .xlsx)`)
      .argument('<file>')
      .option(
        '--no-issue-codes',
        'give manufacturers without a code none: their products stay uncoded and need review',
      )
      .option('--dry-run', 'say what would change, and write nothing')
      .option(
        '--as-of <date>',
        'the list’s own date, such as 2026-02-11; unless given the one in the name of the file, else above its header',
      )
      .option('--reason <text>', 'why; kept with every fact')
      .option('--no-wait', 'do not wait until every row is done')
      .action((file: string, options: ImportOptions, command: Command) =>
        load(kind, file, options, command),
      );
  }
  imports
    .command('retry')
    .description('redo the rows that were rejected or need review')
    .argument('<id>', anImport)
    .option('--reason <text>', 'why; kept with the event', 'redo the open rows')
    .option('--no-wait', 'do not wait until every row is done')
    .action(retry);
  imports
    .command('cancel')
    .description('take no more rows; what was done stays done, and retry goes on')
    .argument('<id>', anImport)
    .option('--reason <text>', 'why; kept with the event')
    .option('--no-wait', 'do not wait until the run has ended')
    .action(cancel);
  imports
    .command('list')
    .description('imports, the one that changed last first')
    .option('--limit <count>', `imports at most (${defaultLimit} unless given)`)
    .action(list);
  imports
    .command('show')
    .description('how an import stands')
    .argument('<id>', anImport)
    .action(show);
  imports
    .command('rows')
    .description('what became of each row')
    .argument('<id>', anImport)
    .option('--outcome <outcome>', outcomes.join(', '))
    .option('--problems', 'only rows of which there is something to say')
    .option('--limit <count>', 'rows at most', '1000')
    .action(rows);
}

async function load(
  kind: string,
  file: string,
  options: ImportOptions,
  command: Command,
): Promise<void> {
  const { api, json } = contextOf(command);
  await checkFile(file);
  const query = {
    kind,
    issueCodes: options.issueCodes ? undefined : false,
    dryRun: options.dryRun === true ? true : undefined,
    file: basename(file),
    asOf: options.asOf,
    reason: options.reason,
  };
  const headers = { 'content-type': await contentTypeOf(file) };
  const send = <T>(): Promise<T> => {
    const body = Readable.toWeb(createReadStream(file)) as ReadableStream;
    return api.upload<T>('/v1/imports', query, headers, body);
  };
  if (options.dryRun === true) return preview(json, await send<Preview>());
  const received = await send<ImportView>();
  if (options.wait) return finish(api, json, received.id);
  await (json ? printJson(received) : write(`Received. voltrace import show ${received.id}\n`));
}

async function preview(json: boolean, found: Preview): Promise<void> {
  await (json ? printJson(found) : printPreview(found));
  setExitCode(found);
}

async function checkFile(file: string): Promise<void> {
  try {
    if ((await stat(file)).isFile()) return;
  } catch (error) {
    throw new CommandFailure(
      `The file cannot be read: ${(error as Error).message}`,
      exitCodes.usage,
    );
  }
  throw new CommandFailure(`${file} is not a file`, exitCodes.usage);
}

const workbookType = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet';

/** By its first bytes, which are what the server goes by, too: a workbook is a zip archive. */
async function contentTypeOf(path: string): Promise<string> {
  const file = await open(path);
  try {
    const { buffer } = await file.read(Buffer.alloc(2), 0, 2, 0);
    return buffer.toString('latin1') === 'PK' ? workbookType : 'text/csv';
  } finally {
    await file.close();
  }
}

async function retry(
  given: string,
  { reason, wait }: { reason: string; wait: boolean },
  command: Command,
): Promise<void> {
  const { api, json } = contextOf(command);
  const id = await importIdOf(api, given);
  const received = await api.post<ImportView>(`/v1/imports/${segment(id)}/retry`, { reason });
  if (wait) return finish(api, json, id);
  await (json ? printJson(received) : write(`Import ${id} will redo its open rows.\n`));
}

async function cancel(
  given: string,
  { reason, wait }: { reason?: string; wait: boolean },
  command: Command,
): Promise<void> {
  const { api, json } = contextOf(command);
  const id = await importIdOf(api, given);
  const asked = await api.post<ImportView>(`/v1/imports/${segment(id)}/cancel`, { reason });
  const view = wait ? await waitForImport(api, id) : asked;
  await (json ? printJson(view) : printImport(view));
}

async function printOutcome(api: ApiClient, view: ImportView): Promise<void> {
  await printImport(view);
  await printAbsences(api, view);
}

/** Waits, reports and leaves an exit code that tells whether rows are open. */
export async function finish(api: ApiClient, json: boolean, id: string): Promise<void> {
  const view = await waitForImport(api, id);
  await (json ? printJson(view) : printOutcome(api, view));
  const code = setExitCode(view);
  if (json || code === exitCodes.failed) return;
  if (code === exitCodes.rowsOpen) {
    const all = `voltrace import rows ${id} --outcome needsReview (or rejected)`;
    const open = [{ outcome: 'rejected' }, { outcome: 'needsReview' }];
    await printFirstRows(api, id, open, 'The first rows that are open', all);
  }
  const taken = ['accepted', 'unchanged'].map((outcome) => ({ outcome, problems: true }));
  const all = `voltrace import rows ${id} --problems`;
  await printFirstRows(api, id, taken, 'The first rows that were taken in with a remark', all);
  await printWaiting(view);
}

export function setExitCode({
  state,
  rows,
}: Pick<Partial<ImportView>, 'state' | 'rows'>): ExitCode {
  const open = (rows?.rejected ?? 0) + (rows?.needsReview ?? 0);
  const code = open > 0 ? exitCodes.rowsOpen : exitCodes.ok;
  const isWhole = state !== 'failed' && state !== 'cancelled';
  const result = isWhole ? code : exitCodes.failed;
  process.exitCode = result;
  return result;
}

const shownProblems = 10;

async function printFirstRows(
  api: ApiClient,
  id: string,
  queries: readonly Readonly<Record<string, string | boolean>>[],
  title: string,
  all: string,
): Promise<void> {
  const found: RowView[] = [];
  for (const query of queries) {
    const left = shownProblems - found.length;
    if (left === 0) break;
    const path = `/v1/imports/${segment(id)}/rows`;
    for await (const row of api.items<RowView>(path, query, left)) found.push(row);
  }
  if (found.length === 0) return;
  await write(`\n${title}:\n`);
  await printRows(found);
  await write(`All of them: ${all}\n`);
}

async function list(options: ListOptions, command: Command): Promise<void> {
  const { api, json } = contextOf(command);
  const print = printImports;
  await listRows<ImportView>(api, { path: '/v1/imports', query: {}, json, print }, options);
}

async function show(given: string, _options: object, command: Command): Promise<void> {
  const { api, json } = contextOf(command);
  const id = await importIdOf(api, given);
  const view = await api.get<ImportView>(`/v1/imports/${segment(id)}`);
  await (json ? printJson(view) : printOutcome(api, view));
}

async function rows(
  given: string,
  { outcome, problems, limit }: ListOptions & { outcome?: string; problems?: boolean },
  command: Command,
): Promise<void> {
  const { api, json } = contextOf(command);
  const path = `/v1/imports/${segment(await importIdOf(api, given))}/rows`;
  const query = { outcome, problems: problems === true ? 'true' : undefined };
  await listRows<RowView>(api, { path, query, json, print: printRows }, { limit });
}
