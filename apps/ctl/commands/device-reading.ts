import type { Command } from 'commander';

import { contextOf, segment } from '../context.js';
import { defaultLimit, listRows } from '../list-rows.js';
import { brief, type Cell, inBrief, printFields, printJson, printTable, write } from '../output.js';

const limitHelp = `rows at most (${String(defaultLimit)} unless given)`;

interface Device {
  readonly id: string;
  readonly type: string;
  readonly serialNumber: string | null;
  readonly siteId: string | null;
  readonly name: string | null;
  readonly status: string;
  readonly configuration: { readonly inDrift: boolean } | null;
}

interface Gap {
  readonly session: string;
  readonly from: number;
  readonly to: number;
  readonly notedAt: string;
  readonly askedAt: string | null;
  readonly recovered: number;
}

interface Link {
  readonly gaps: readonly Gap[];
}

interface Occurrence {
  readonly kind: string;
  readonly at: string;
  readonly details: object;
  readonly recordedAt: string;
}

/** What is known of devices. */
export const addDeviceReading = (devices: Command): void => {
  devices
    .command('list')
    .description('which devices there are, the newest first')
    .option('--site-id <id>', 'those that work there now')
    .option('--type <type>')
    .option('--limit <n>', limitHelp)
    .action((options: { siteId?: string; type?: string; limit?: string }, command: Command) => {
      const { api, json } = contextOf(command);
      const { siteId, type } = options;
      const print = (items: readonly Device[]) =>
        printTable(['id', 'name', 'type', 'serial number', 'site', 'status', ''], items.map(cells));
      return listRows<Device>(
        api,
        { path: '/v1/devices', query: { siteId, type }, json, print },
        options,
      );
    });
  devices
    .command('show')
    .description('one device')
    .argument('<device>')
    .action(async (device: string, _options: object, command: Command) => {
      const { api, json } = contextOf(command);
      const found = await api.get<Device>(`/v1/devices/${segment(device)}`);
      if (json) return printJson(found);
      await printFields(inBrief(found));
    });
  devices
    .command('link')
    .description('how a device is connected, and what is missed of what it sent')
    .argument('<device>')
    .action(link);
  devices
    .command('occurrences')
    .description('what happened at a device, the newest first')
    .argument('<device>')
    .option('--kind <kind>')
    .option('--from <time>', 'ISO 8601 with zone')
    .option('--to <time>', 'ISO 8601 with zone')
    .option('--limit <n>', limitHelp)
    .action(occurrences);
};

async function link(device: string, _options: object, command: Command): Promise<void> {
  const { api, json } = contextOf(command);
  const found = await api.get<Link>(`/v1/devices/${segment(device)}/link`);
  if (json) return printJson(found);
  const { gaps, ...fields } = found;
  await printFields(inBrief(fields));
  if (gaps.length === 0) return;
  await write('\nMessages that were left out, the newest last:\n');
  await printTable(
    ['session', 'from', 'to', 'noted at', 'asked for at', 'came after all'],
    gaps.map((gap) => [
      ...[gap.session, gap.from, gap.to, gap.notedAt, gap.askedAt],
      `${String(gap.recovered)} of ${String(gap.to - gap.from + 1)}`,
    ]),
  );
}

interface OccurrenceOptions {
  readonly kind?: string;
  readonly from?: string;
  readonly to?: string;
  readonly limit?: string;
}

function occurrences(
  device: string,
  { limit, ...query }: OccurrenceOptions,
  command: Command,
): Promise<void> {
  const { api, json } = contextOf(command);
  const print = (items: readonly Occurrence[]) =>
    printTable(
      ['at', 'kind', 'details', 'recorded at'],
      items.map(({ at, kind, details, recordedAt }) => [at, kind, brief(details), recordedAt]),
    );
  const path = `/v1/devices/${segment(device)}/occurrences`;
  return listRows<Occurrence>(api, { path, query: { ...query }, json, print }, { limit });
}

const cells = (device: Device): readonly Cell[] => [
  ...[device.id, device.name, device.type, device.serialNumber, device.siteId, device.status],
  device.configuration?.inDrift === true ? 'drifts' : '',
];
