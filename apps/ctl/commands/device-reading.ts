import type { Command } from 'commander';

import type { ApiClient } from '../client.js';
import { contextOf, segment } from '../context.js';
import { limitOption, listRows } from '../list-rows.js';
import { deviceHelp, deviceIdOf, siteHelp, siteIdOf } from '../named.js';
import { brief, type Cell, inBrief, printFields, printJson, printTable, write } from '../output.js';
import { addDeviceLists } from './device-lists.js';
import { addHistory } from './history.js';

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

const pathOf = async (api: ApiClient, device: string): Promise<string> =>
  `/v1/devices/${segment(await deviceIdOf(api, device))}`;

/** What is known of devices. */
export const addDeviceReading = (devices: Command): void => {
  devices
    .command('list')
    .description('which devices there are, the newest first')
    .option('--site <site>', `those that work there now: ${siteHelp}`)
    .option('--type <type>', 'those of this type')
    .option('--serial-number <number>', 'the one of this serial number')
    .option(...limitOption)
    .action(list);
  devices
    .command('show')
    .description('one device')
    .argument('<device>', deviceHelp)
    .action(async (device: string, _options: object, command: Command) => {
      const { api, json } = contextOf(command);
      const found = await api.get<Device>(await pathOf(api, device));
      if (json) return printJson(found);
      await printFields(inBrief(found));
    });
  devices
    .command('link')
    .description('how a device is connected, and what is missed of what it sent')
    .argument('<device>', deviceHelp)
    .action(link);
  devices
    .command('occurrences')
    .description('what happened at a device, the newest first')
    .argument('<device>', deviceHelp)
    .option('--kind <kind>', 'those of this kind')
    .option('--from <time>', 'ISO 8601 with zone')
    .option('--to <time>', 'ISO 8601 with zone')
    .option(...limitOption)
    .action(occurrences);
  addDeviceLists(devices);
  addHistory(devices, ['<device>', deviceHelp], pathOf);
};

interface ListOptions {
  readonly site?: string;
  readonly limit?: string;
  readonly type?: string;
  readonly serialNumber?: string;
}

async function list({ site, limit, ...query }: ListOptions, command: Command): Promise<void> {
  const { api, json } = contextOf(command);
  const siteId = site === undefined ? undefined : await siteIdOf(api, site);
  const print = (items: readonly Device[]) =>
    printTable(['id', 'name', 'type', 'serial number', 'site', 'status', ''], items.map(cells));
  const wanted = { path: '/v1/devices', query: { ...query, siteId }, json, print };
  await listRows<Device>(api, wanted, { limit });
}

async function link(device: string, _options: object, command: Command): Promise<void> {
  const { api, json } = contextOf(command);
  const found = await api.get<Link>(`${await pathOf(api, device)}/link`);
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

async function occurrences(
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
  const path = `${await pathOf(api, device)}/occurrences`;
  return listRows<Occurrence>(api, { path, query: { ...query }, json, print }, { limit });
}

const cells = (device: Device): readonly Cell[] => [
  ...[device.id, device.name, device.type, device.serialNumber, device.siteId, device.status],
  device.configuration?.inDrift === true ? 'drifts' : '',
];
