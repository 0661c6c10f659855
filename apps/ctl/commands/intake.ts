import type { Command } from 'commander';

import { contextOf } from '../context.js';
import { limitOption, listRows } from '../list-rows.js';
import { deviceHelp, deviceIdOf } from '../named.js';
import { brief, printTable } from '../output.js';

interface Outcome {
  readonly deviceId: string;
  readonly way: string;
  readonly minute: string;
  readonly accepted: number;
  readonly duplicates: number;
  readonly quarantined: number;
  readonly rejected: number;
  readonly reasons: Readonly<Record<string, number>>;
  readonly samples: {
    readonly accepted: number;
    readonly duplicates: number;
    readonly conflicts: number;
    readonly expired: number;
  } | null;
}

interface IntakeOptions {
  readonly device?: string;
  readonly way?: string;
  readonly from?: string;
  readonly to?: string;
  readonly limit?: string;
}

export function addIntakeCommand(voltrace: Command): void {
  voltrace
    .command('intake')
    .description('what became of what devices sent, by device, way and minute, the newest first')
    .option('--device <device>', `of this one: ${deviceHelp}`)
    .option('--way <way>', 'mqtt, http, import, process or cli')
    .option('--from <time>', 'ISO 8601 with zone')
    .option('--to <time>', 'ISO 8601 with zone')
    .option(...limitOption)
    .addHelpText(
      'after',
      '\nMessages are counted when their minute is over. Of the samples in what was accepted, "new" ones count,\n' +
        '"known" ones were there with the same value, "conflicts" are of a time that has another value, and\n' +
        '"expired" ones are older than what is kept of their series.',
    )
    .action(intake);
}

async function intake({ device, limit, ...query }: IntakeOptions, command: Command): Promise<void> {
  const { api, json } = contextOf(command);
  const deviceId = device === undefined ? undefined : await deviceIdOf(api, device);
  const print = (items: readonly Outcome[]) =>
    printTable(
      [
        ...['minute', 'device', 'way', 'accepted', 'duplicates', 'quarantined', 'rejected'],
        ...['new', 'known', 'conflicts', 'expired', 'why rejected'],
      ],
      items.map(({ samples, ...one }) => [
        ...[one.minute, one.deviceId, one.way, one.accepted, one.duplicates, one.quarantined],
        ...[one.rejected, samples?.accepted, samples?.duplicates, samples?.conflicts],
        ...[samples?.expired, one.rejected === 0 ? '' : brief(one.reasons)],
      ]),
    );
  const list = { path: '/v1/intake', query: { ...query, deviceId }, json, print };
  await listRows<Outcome>(api, list, { limit });
}
