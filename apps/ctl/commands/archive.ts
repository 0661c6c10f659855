import type { Command } from 'commander';

import type { GlobalOptions } from '../settings.js';

export interface ArchiveOptions extends GlobalOptions {
  readonly fromFormer?: boolean;
  readonly logOnly?: boolean;
}

const whichLog =
  '\nWorks on the stores themselves and not over the API: on EVENTSTORE_URL (with DATABASE_URL, and the files in VOLTRACE_DATA_DIR); else on the\ninstallation in VOLTRACE_DATA_DIR or ./.voltrace, whether it runs or not. Killed at any moment, it goes on when it is run again.';

export function addArchiveCommands(events: Command): void {
  const logOnly = 'neither files nor what PostgreSQL keeps of parked events';
  events
    .command('export')
    .description(
      'write the event log, files and parked events to a folder: a backup, or the way to another store',
    )
    .argument('<folder>', 'made where it is not there')
    .option('--from-former', 'add what came since to the finished export in the folder')
    .option('--log-only', logOnly)
    .addHelpText('after', whichLog)
    .action(async (folder: string, _: ArchiveOptions, command: Command) =>
      (await work()).exportEvents(folder, command),
    );
  events
    .command('import')
    .description('bring such a folder into an empty event log, and verify all of it')
    .argument('<folder>')
    .option('--log-only', logOnly)
    .addHelpText('after', whichLog)
    .action(async (folder: string, _: ArchiveOptions, command: Command) =>
      (await work()).importEvents(folder, command),
    );
}

/** The stores and their clients take longer to load than all else: only these commands wait for them. */
const work = () => import('../archive-events.js');
