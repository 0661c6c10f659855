import type { Command } from 'commander';

import { contextOf, segment } from '../context.js';
import { limitOption, listRows } from '../list-rows.js';
import { deviceHelp, deviceIdOf, siteHelp, siteIdOf } from '../named.js';
import { brief, inBrief, printFields, printJson, printTable } from '../output.js';
import { numberOf } from './post.js';

interface Series {
  readonly series: string;
  readonly valueType: string;
  readonly unit: string | null;
  readonly declared: boolean;
  readonly kind: string | null;
  readonly interpolation: string | null;
  readonly intervalMs: number | null;
  readonly retentionDays: number | null;
}

interface Attachment {
  readonly siteId: string;
  readonly name: string;
  readonly attachedAt: string;
  readonly detachedAt: string | null;
}

interface Credential {
  readonly credential: string;
  readonly deviceId: string;
  readonly status: string;
  readonly issuedAt: string;
  readonly revokedAt: string | null;
}

interface Stale {
  readonly device: string;
  readonly series: string;
  readonly at: string;
  readonly value: number | boolean | string;
  readonly silentMs: number;
}

/** What there is of devices beside themselves. */
export const addDeviceLists = (devices: Command): void => {
  devices
    .command('series')
    .description('series of a device: what is declared or learnt of each')
    .argument('<device>', deviceHelp)
    .option(...limitOption)
    .action(series);
  devices
    .command('attachments')
    .description('where a device worked, the first place first')
    .argument('<device>', deviceHelp)
    .option(...limitOption)
    .action(attachments);
  devices
    .command('credentials')
    .description('credentials of devices, the newest first')
    .argument('[device]', deviceHelp)
    .option(...limitOption)
    .action(credentials);
  devices
    .command('configuration')
    .description('what a device should run with and does run with')
    .argument('<device>', deviceHelp)
    .action(configuration);
  devices
    .command('stale')
    .description('series that should have sent something and did not')
    .option('--site <site>', `of the devices there: ${siteHelp}`)
    .option('--intervals <n>', 'expected intervals that passed since (3 unless given)', numberOf)
    .option(...limitOption)
    .action(stale);
};

interface Limited {
  readonly limit?: string;
}

async function series(device: string, options: Limited, command: Command): Promise<void> {
  const { api, json } = contextOf(command);
  const path = `/v1/devices/${segment(await deviceIdOf(api, device))}/series`;
  const print = (items: readonly Series[]) =>
    printTable(
      ['series', 'type', 'unit', 'kind', 'interpolation', 'interval ms', 'kept days', ''],
      items.map((one) => [
        ...[one.series, one.valueType, one.unit, one.kind, one.interpolation, one.intervalMs],
        ...[one.retentionDays, one.declared ? '' : 'learnt'],
      ]),
    );
  await listRows<Series>(api, { path, query: {}, json, print }, options);
}

async function attachments(device: string, options: Limited, command: Command): Promise<void> {
  const { api, json } = contextOf(command);
  const path = `/v1/devices/${segment(await deviceIdOf(api, device))}/attachments`;
  const print = (items: readonly Attachment[]) =>
    printTable(
      ['site', 'name', 'from', 'to'],
      items.map((one) => [one.siteId, one.name, one.attachedAt, one.detachedAt]),
    );
  await listRows<Attachment>(api, { path, query: {}, json, print }, options);
}

async function credentials(
  device: string | undefined,
  options: Limited,
  command: Command,
): Promise<void> {
  const { api, json } = contextOf(command);
  const deviceId = device === undefined ? undefined : await deviceIdOf(api, device);
  const print = (items: readonly Credential[]) =>
    printTable(
      ['credential', 'device', 'status', 'issued at', 'revoked at'],
      items.map((one) => [
        ...[one.credential, one.deviceId, one.status, one.issuedAt, one.revokedAt],
      ]),
    );
  const list = { path: '/v1/device-credentials', query: { deviceId }, json, print };
  await listRows<Credential>(api, list, options);
}

async function configuration(device: string, _options: object, command: Command): Promise<void> {
  const { api, json } = contextOf(command);
  const id = await deviceIdOf(api, device);
  const found = await api.get<object>(`/v1/device-configurations/${segment(id)}`);
  await (json ? printJson(found) : printFields(inBrief(found)));
}

interface StaleOptions extends Limited {
  readonly site?: string;
  readonly intervals?: number;
}

async function stale(
  { site, intervals, ...options }: StaleOptions,
  command: Command,
): Promise<void> {
  const { api, json } = contextOf(command);
  const print = (items: readonly Stale[]) =>
    printTable(
      ['device', 'series', 'newest at', 'value', 'silent for s'],
      items.map((one) => [
        ...[one.device, one.series, one.at, brief(one.value), Math.round(one.silentMs / 1_000)],
      ]),
    );
  const query = {
    site: site === undefined ? undefined : await siteIdOf(api, site),
    intervals: intervals?.toString(),
  };
  await listRows<Stale>(api, { path: '/v1/devices/stale', query, json, print }, options);
}
