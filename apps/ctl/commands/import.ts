import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { Readable } from 'node:stream';

import type { Command } from 'commander';

import type { ApiClient } from '../client.js';
import { contextOf, segment } from '../context.js';
import { CommandFailure, exitCodes } from '../exit-codes.js';
import {
  type ImportView,
  outcomes,
  printImport,
  printRows,
  type RowView,
  waitForImport,
} from '../import-progress.js';
import { printJson, write } from '../output.js';

interface ImportOptions {
  readonly issueCodes: boolean;
  readonly dryRun?: boolean;
  readonly wait: boolean;
}

interface Received {
  readonly id: string;
  readonly position?: string;
  readonly run?: number;
}

export function addImportCommands(voltrace: Command): void {
  const imports = voltrace
    .command('import')
    .description('load equipment lists; see what became of their rows');
  for (const kind of ['products', 'manufacturers'] as const) {
    imports
      .command(kind)
      .description(`load a list of ${kind} (CSV)`)
      .argument('<file>')
      .option(
        '--no-issue-codes',
        'give makers without a code none: their products stay uncoded and need review',
      )
      .option('--dry-run', 'say what would change, and write nothing')
      .option('--no-wait', 'do not wait until every row is done')
      .action((file: string, options: ImportOptions, command: Command) =>
        load(kind, file, options, command),
      );
  }
  imports
    .command('retry')
    .description('redo the rows that were rejected or need review')
    .argument('<id>')
    .option('--no-wait', 'do not wait until every row is done')
    .action(retry);
  imports.command('show').description('how an import stands').argument('<id>').action(show);
  imports
    .command('rows')
    .description('what became of each row')
    .argument('<id>')
    .option('--outcome <outcome>', outcomes.join(', '))
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
  };
  const headers = { 'content-type': 'text/csv', 'x-file-name': encodeURIComponent(basename(file)) };
  const body = Readable.toWeb(createReadStream(file)) as ReadableStream;
  const received = await api.upload<Received & Partial<ImportView>>(
    '/v1/imports',
    query,
    headers,
    body,
  );
  if (options.dryRun === true)
    return report(api, json, received as ImportView, 'This was a dry run: nothing is written.');
  if (!options.wait)
    return json
      ? printJson(received)
      : write(`Import ${received.id} is received. voltrace import show ${received.id}\n`);
  await finish(api, json, received);
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

async function retry(id: string, options: { wait: boolean }, command: Command): Promise<void> {
  const { api, json } = contextOf(command);
  const received = await api.post<Received>(`/v1/imports/${segment(id)}/retry`);
  if (!options.wait)
    return json ? printJson(received) : write(`Import ${id} will redo its open rows.\n`);
  await finish(api, json, { ...received, id });
}

/** Waits, reports and leaves an exit code that tells whether rows are open. */
async function finish(api: ApiClient, json: boolean, received: Received): Promise<void> {
  const done = await waitForImport(api, received);
  await report(api, json, done);
}

async function report(
  api: ApiClient,
  json: boolean,
  view: ImportView,
  note?: string,
): Promise<void> {
  if (json) await printJson(view);
  else await printImport(view);
  if (note !== undefined && !json) await write(`${note}\n`);
  if (view.state === 'failed') {
    process.exitCode = exitCodes.failed;
    return;
  }
  const open = (view.rows?.rejected ?? 0) + (view.rows?.needsReview ?? 0);
  if (open === 0) return;
  process.exitCode = exitCodes.rowsOpen;
  if (!json && note === undefined) await printProblems(api, view.id);
}

const shownProblems = 10;

async function printProblems(api: ApiClient, id: string): Promise<void> {
  const found: RowView[] = [];
  for (const outcome of ['rejected', 'needsReview']) {
    const left = shownProblems - found.length;
    if (left === 0) break;
    for await (const row of api.items<RowView>(
      `/v1/imports/${segment(id)}/rows`,
      { outcome },
      left,
    ))
      found.push(row);
  }
  await write('\nThe first rows that are open:\n');
  await printRows(found);
  await write(`All of them: voltrace import rows ${id} --outcome needsReview (or rejected)\n`);
}

async function show(id: string, _options: object, command: Command): Promise<void> {
  const { api, json } = contextOf(command);
  const view = await api.get<ImportView>(`/v1/imports/${segment(id)}`);
  await (json ? printJson(view) : printImport(view));
}

async function rows(
  id: string,
  options: { outcome?: string; limit: string },
  command: Command,
): Promise<void> {
  const { api, json } = contextOf(command);
  if (!/^[1-9]\d{0,6}$/.test(options.limit)) {
    throw new CommandFailure(
      `--limit is "${options.limit}"; expected a number from 1 to 9999999`,
      exitCodes.usage,
    );
  }
  const found: RowView[] = [];
  const path = `/v1/imports/${segment(id)}/rows`;
  for await (const row of api.items<RowView>(
    path,
    { outcome: options.outcome },
    Number(options.limit),
  ))
    found.push(row);
  await (json ? printJson({ items: found }) : printRows(found));
}
