import { existsSync } from 'node:fs';
import { resolve } from 'node:path';

import type { Command } from 'commander';

import { ArchiveDamaged, ArchiveRefused } from '#archive/damaged.js';
import { exportArchive } from '#archive/export-archive.js';
import { importArchive } from '#archive/import-archive.js';
import type { EndEntry } from '#archive/manifest.js';
import { LogUnavailable, OutcomeUnknown } from '#event-log/event-log.js';

import type { ArchiveOptions } from './commands/archive.js';
import { CommandFailure, exitCodes, usage } from './exit-codes.js';
import { printJson, write } from './output.js';
import { openStores, type Stores } from './stores.js';

export async function exportEvents(folder: string, command: Command): Promise<void> {
  const { fromFormer = false, ...options } = command.optsWithGlobals<ArchiveOptions>();
  await withStores({ ...options, make: false }, async ({ log, beside }) => {
    const progress = lines();
    const end = await exportArchive({
      ...{ log, beside, folder: resolve(folder), fromFormer },
      onProgress: (count) => progress(`${count} events exported`),
    });
    await report(end, options, `exported to ${folder}`);
  });
}

export async function importEvents(folder: string, command: Command): Promise<void> {
  const options = command.optsWithGlobals<ArchiveOptions>();
  if (!existsSync(folder)) throw usage(`There is no folder ${folder}.`);
  await withStores({ ...options, make: true }, async ({ log, beside }) => {
    const progress = lines();
    const { end, wasThere } = await importArchive({
      ...{ log, beside, folder: resolve(folder) },
      onProgress: ({ events, verified }) =>
        progress(`${events} events there, ${verified} verified`),
    });
    await report(end, options, wasThere ? 'were imported before' : 'imported and verified');
  });
}

async function withStores(
  { logOnly = false, make }: ArchiveOptions & { readonly make: boolean },
  work: (stores: Stores) => Promise<void>,
): Promise<void> {
  const stores = await openStores({ logOnly, make });
  try {
    await work(stores);
  } catch (error) {
    if (error instanceof ArchiveDamaged)
      throw new CommandFailure(`The archive is damaged. ${error.message}.`, exitCodes.failed);
    if (error instanceof ArchiveRefused)
      throw new CommandFailure(`${error.message}.`, exitCodes.failed);
    if (error instanceof LogUnavailable || error instanceof OutcomeUnknown) {
      throw new CommandFailure(
        `The event log cannot be used: ${error.message}. Run the command again: it goes on where it was.`,
        exitCodes.unreachable,
        { cause: error },
      );
    }
    throw error;
  } finally {
    await stores.close();
  }
}

const everyMs = 5_000;

/** A line now and then, for who watches. */
function lines(): (text: string) => void {
  let last = performance.now();
  return (text) => {
    if (performance.now() - last < everyMs) return;
    last = performance.now();
    process.stderr.write(`${text}\n`);
  };
}

async function report(end: EndEntry, { json }: ArchiveOptions, what: string): Promise<void> {
  if (json === true) return printJson(end);
  const { counts, streams, files, isWhole } = end;
  const beside = isWhole ? `${files} files` : 'no files, as asked for';
  await write(`${counts.events} events of ${streams} streams, and ${beside}: ${what}.\n`);
}
