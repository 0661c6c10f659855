import type { StoredEvent } from '#event-log/event-log.js';
import { rowsById } from '#read-store/rows-by-id.js';
import type { ProjectionClient } from '#subscription/projection/projection.js';
import { configurationCategory } from '#telemetry/configuration/events.js';
import { credentialCategory } from '#telemetry/credential/events.js';
import { deviceCategory } from '#telemetry/device/events.js';
import { seriesCategory } from '#telemetry/series/events.js';
import { siteCategory } from '#telemetry/site/events.js';

import type {
  AttachmentRow,
  ConfigurationRow,
  CredentialRow,
  DeviceRow,
  DevicesWork,
  SeriesRow,
  SiteRow,
} from './rows.js';

const tables = {
  sites: rowsById<SiteRow>('sites'),
  devices: rowsById<DeviceRow>('devices'),
  attachments: rowsById<AttachmentRow>('attachments'),
  credentials: rowsById<CredentialRow>('credentials'),
  configurations: rowsById<ConfigurationRow>('configurations'),
  device_series: rowsById<SeriesRow>('device_series'),
};

/** What comes after the category: the id of the thing that a stream is of. */
export const idOf = ({ stream }: Pick<StoredEvent, 'stream'>): string =>
  stream.slice(stream.indexOf('-') + 1);

export const attachmentId = (device: string, number: string): string => `${device}/${number}`;
export const seriesId = (device: string, series: string): string => `${device}/${series}`;

/** Where an event's row is, besides the attachment, whose number only the device's row knows. */
const idIn: Readonly<Record<string, (event: StoredEvent) => string>> = {
  [siteCategory]: idOf,
  [deviceCategory]: idOf,
  [credentialCategory]: ({ data }) => String(data['credential']),
  [configurationCategory]: idOf,
  [seriesCategory]: (event) => seriesId(idOf(event), String(event.data['series'])),
};

export const loadWork = async (
  client: ProjectionClient,
  events: readonly StoredEvent[],
): Promise<DevicesWork> => {
  const load = <Row>(
    { load: rows }: { load: (client: ProjectionClient, of: { stream: string }[]) => Promise<Row> },
    category: string,
  ): Promise<Row> => {
    const own = events.filter(({ stream }) => stream.startsWith(`${category}-`));
    return rows(
      client,
      own.map((event) => named(idIn[category]?.(event) ?? idOf(event))),
    );
  };
  const devices = await load(tables.devices, deviceCategory);
  const last = [...devices.values()].map(({ id, attachments }) => attachmentId(id, attachments));
  return {
    devices,
    attachments: await tables.attachments.load(client, last.map(named)),
    sites: await load(tables.sites, siteCategory),
    credentials: await load(tables.credentials, credentialCategory),
    configurations: await load(tables.configurations, configurationCategory),
    device_series: await load(tables.device_series, seriesCategory),
  };
};

/** `rowsById` finds a row by the name of a stream. */
const named = (id: string): { stream: string } => ({ stream: `row-${id}` });

export const saveWork = async (client: ProjectionClient, work: DevicesWork): Promise<void> => {
  await tables.sites.save(client, work.sites);
  await tables.devices.save(client, work.devices);
  await tables.attachments.save(client, work.attachments);
  await tables.credentials.save(client, work.credentials);
  await tables.configurations.save(client, work.configurations);
  await tables.device_series.save(client, work.device_series);
};
