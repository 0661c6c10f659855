import { type Command, Option } from 'commander';

import { contextOf } from '../context.js';
import { defaultLimit, listRows } from '../list-rows.js';
import { printTable } from '../output.js';

interface Activity {
  readonly day: string;
  readonly manufacturer: {
    readonly id: string;
    readonly name: string | null;
    readonly mergedInto: string | null;
  };
  readonly kind: string;
  readonly changes: number;
  readonly firstAt: string;
  readonly lastAt: string;
}

interface ActivityOptions {
  readonly from?: string;
  readonly to?: string;
  readonly manufacturerId?: string;
  readonly kind?: string;
  readonly merged?: string;
  readonly limit?: string;
  readonly csv?: boolean;
}

export function addAnalyticsCommands(voltrace: Command): void {
  const analytics = voltrace.command('analytics').description('what was counted');
  analytics
    .command('activity', { isDefault: true })
    .description('how often the registry was changed, by day, manufacturer and kind of change')
    .option('--from <day>', 'such as 2026-02-01, in UTC')
    .option('--to <day>', 'the last day')
    .option('--manufacturer-id <id>')
    .option('--kind <kind>', 'such as product-registered')
    .addOption(
      new Option(
        '--merged <how>',
        'into: what merged manufacturers did counts for the one that answers for them',
      ).choices(['apart', 'into']),
    )
    .option('--limit <count>', `rows at most (${defaultLimit} unless given)`)
    .option('--csv', 'every row, as CSV')
    .action(activity);
}

async function activity(options: ActivityOptions, command: Command): Promise<void> {
  const { api, json } = contextOf(command);
  const { csv, limit, ...query } = options;
  await listRows<Activity>(
    api,
    { path: '/v1/analytics/registry-activity', query, json, every: 'every row', print },
    { limit, csv },
  );
}

function print(items: readonly Activity[]): Promise<void> {
  return printTable(
    ['day', 'manufacturer', 'change', 'times', 'first', 'last'],
    items.map(({ day, manufacturer, kind, changes, firstAt, lastAt }) => [
      day,
      manufacturer.name ?? manufacturer.id,
      kind,
      changes,
      timeOf(firstAt),
      timeOf(lastAt),
    ]),
  );
}

/** The day stands beside it. */
function timeOf(instant: string): string {
  return instant.slice(11, 19);
}
