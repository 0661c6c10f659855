import type { StoredEvent } from '#event-log/event-log.js';
import { keyForfeited } from '#event-log/key/forfeited.js';
import { formatPosition } from '#event-log/position.js';
import type { ConfigurationEvent } from '#telemetry/configuration/events.js';
import type { CredentialEvent } from '#telemetry/credential/events.js';
import type { DeviceEvent } from '#telemetry/device/events.js';
import type { SeriesEvent } from '#telemetry/series/events.js';
import type { SiteEvent } from '#telemetry/site/events.js';

import type { ConfigurationRow, DeviceRow, DevicesWork, SiteRow } from './rows.js';
import { attachmentId, idOf, seriesId } from './working-set.js';

type AnyEvent = SiteEvent | DeviceEvent | CredentialEvent | ConfigurationEvent | SeriesEvent;
type Of<T extends AnyEvent['type']> = Extract<AnyEvent, { type: T }>['data'];
type Apply = (work: DevicesWork, event: StoredEvent) => void;

/** Raised with each change of what the rows are. */
export const version = 2;

const timeOf = ({ created }: StoredEvent): string => created.toISOString();

/** Changes a row that is there; an event of a thing that is not changes nothing. */
const site =
  <T extends SiteEvent['type']>(
    change: (data: Of<T>, event: StoredEvent) => Partial<SiteRow>,
  ): Apply =>
  ({ sites }, event) => {
    const row = sites.get(idOf(event));
    if (!row) return;
    const revision = String(event.revision);
    sites.set(row.id, { ...row, ...change(event.data as Of<T>, event), revision });
  };

const device =
  <T extends DeviceEvent['type']>(
    change: (
      data: Of<T>,
      row: DeviceRow,
      work: DevicesWork,
      event: StoredEvent,
    ) => Partial<DeviceRow>,
  ): Apply =>
  (work, event) => {
    const row = work.devices.get(idOf(event));
    if (!row) return;
    const changed = change(event.data as Of<T>, row, work, event);
    work.devices.set(row.id, { ...row, ...changed, revision: String(event.revision) });
  };

/** The attachment that lasts. */
const attachmentOf = ({ id, attachments }: DeviceRow, work: DevicesWork) =>
  work.attachments.get(attachmentId(id, attachments));

const noConfiguration = {
  ...{ desired_version: null, desired: null, desired_hash: null, desired_at: null },
  ...{ reported_version: null, reported: null, reported_hash: null, reported_at: null },
  ...{ refused_version: null, refused_reason: null, refused_at: null },
};

const configuration =
  <T extends ConfigurationEvent['type']>(
    change: (data: Of<T>, at: string) => Partial<ConfigurationRow>,
  ): Apply =>
  ({ configurations }, event) => {
    const id = idOf(event);
    const first_position = formatPosition(event.position);
    const row = configurations.get(id) ?? { id, ...noConfiguration, first_position };
    const changed = change(event.data as Of<T>, timeOf(event));
    configurations.set(id, { ...row, ...changed, revision: String(event.revision) });
  };

const ofSites: Readonly<Record<SiteEvent['type'], Apply>> = {
  SiteRegistered: ({ sites }, event) => {
    const { name, timeZone, description } = event.data as Of<'SiteRegistered'>;
    sites.set(idOf(event), {
      ...{ id: idOf(event), name, time_zone: timeZone, description },
      ...{ registered_at: timeOf(event), registered_position: formatPosition(event.position) },
      ...{ retired_at: null, revision: String(event.revision) },
    });
  },
  SiteRenamed: site<'SiteRenamed'>(({ name }) => ({ name })),
  SiteDescribed: site<'SiteDescribed'>(({ description }) => ({ description })),
  SiteTimeZoneSet: site<'SiteTimeZoneSet'>(({ timeZone }) => ({ time_zone: timeZone })),
  SiteRetired: site<'SiteRetired'>((_, event) => ({ retired_at: timeOf(event) })),
};

const ofDevices: Readonly<Record<DeviceEvent['type'], Apply>> = {
  DeviceRegistered: ({ devices }, event) => {
    const { type, serialNumber, productId } = event.data as Of<'DeviceRegistered'>;
    devices.set(idOf(event), {
      ...{ id: idOf(event), type, serial_number: serialNumber, product_id: productId },
      ...{ site_id: null, name: null, attached_at: null, attachments: '0' },
      ...{ registered_at: timeOf(event), registered_position: formatPosition(event.position) },
      ...{ retired_at: null, revision: String(event.revision) },
    });
  },
  DeviceAttached: device<'DeviceAttached'>(({ siteId, name, at }, row, work) => {
    const attachments = String(BigInt(row.attachments) + 1n);
    const id = attachmentId(row.id, attachments);
    const place = { site_id: siteId, name, attached_at: at };
    work.attachments.set(id, { id, device_id: row.id, ...place, detached_at: null });
    return { ...place, attachments };
  }),
  DeviceDetached: device<'DeviceDetached'>(({ at }, row, work) => {
    const last = attachmentOf(row, work);
    if (last) work.attachments.set(last.id, { ...last, detached_at: at });
    return { site_id: null, name: null, attached_at: null };
  }),
  DeviceRenamed: device<'DeviceRenamed'>(({ name }, row, work) => {
    const last = attachmentOf(row, work);
    if (last) work.attachments.set(last.id, { ...last, name });
    return { name };
  }),
  DeviceProductSet: device<'DeviceProductSet'>(({ productId }) => ({ product_id: productId })),
  DeviceRetired: device<'DeviceRetired'>((_, __, ___, event) => ({ retired_at: timeOf(event) })),
};

const ofCredentials: Readonly<Record<CredentialEvent['type'], Apply>> = {
  DeviceCredentialIssued: ({ credentials }, event) => {
    const { credential, verifier } = event.data as Of<'DeviceCredentialIssued'>;
    credentials.set(credential, {
      ...{ id: credential, device_id: idOf(event), verifier },
      ...{ issued_at: timeOf(event), issued_by: event.metadata.actor.id },
      issued_position: formatPosition(event.position),
      ...{ revoked_at: null, revoked_by: null },
    });
  },
  DeviceCredentialRevoked: ({ credentials }, event) => {
    const row = credentials.get((event.data as Of<'DeviceCredentialRevoked'>).credential);
    if (!row) return;
    const revoked = { revoked_at: timeOf(event), revoked_by: event.metadata.actor.id };
    credentials.set(row.id, { ...row, ...revoked });
  },
};

const ofConfigurations: Readonly<Record<ConfigurationEvent['type'], Apply>> = {
  ConfigurationDesired: configuration<'ConfigurationDesired'>((data, at) => ({
    ...{ desired_version: String(data.version), desired: data.configuration },
    ...{ desired_hash: data.hash, desired_at: at },
  })),
  ConfigurationReported: configuration<'ConfigurationReported'>((data, at) => ({
    reported_version: data.version === null ? null : String(data.version),
    ...{ reported: data.configuration, reported_hash: data.hash, reported_at: at },
  })),
  ConfigurationRefused: configuration<'ConfigurationRefused'>((data, at) => ({
    ...{ refused_version: String(data.version), refused_reason: data.reason, refused_at: at },
  })),
};

const undeclared = {
  ...{ declared: false, kind: null, interpolation: null, interval_ms: null },
  ...{ roll_over: null, low: null, high: null },
};

const ofSeries: Readonly<Record<SeriesEvent['type'], Apply>> = {
  SeriesLearnt: ({ device_series }, event) => {
    const { series, valueType, unit } = event.data as Of<'SeriesLearnt'>;
    const id = seriesId(idOf(event), series);
    device_series.set(id, {
      ...{ id, device_id: idOf(event), series, value_type: valueType, ...undeclared },
      ...{ retention_days: null, known_at: timeOf(event) },
      // It had no unit, and keeps all else that was said of it.
      ...{ ...device_series.get(id), unit },
    });
  },
  SeriesDeclared: ({ device_series }, event) => {
    const { series, valueType, intervalMs, rollOver, ...rules } =
      event.data as Of<'SeriesDeclared'>;
    const id = seriesId(idOf(event), series);
    const { retention_days = null, known_at = timeOf(event) } = device_series.get(id) ?? {};
    device_series.set(id, {
      ...{ id, device_id: idOf(event), series, value_type: valueType, declared: true },
      ...{ unit: rules.unit, kind: rules.kind, interpolation: rules.interpolation },
      ...{ interval_ms: intervalMs, roll_over: rollOver, low: rules.low, high: rules.high },
      ...{ retention_days, known_at },
    });
  },
  SeriesRetentionSet: ({ device_series }, event) => {
    const { series, days } = event.data as Of<'SeriesRetentionSet'>;
    const row = device_series.get(seriesId(idOf(event), series));
    if (row) device_series.set(row.id, { ...row, retention_days: days });
  },
  // Of single samples, which are not shown here.
  SamplesExpired: () => undefined,
};

/** An event of the stream like any other: what `If-Match` names counts it. */
const onForfeit: Apply = ({ sites, devices }, event) => {
  const [id, revision] = [idOf(event), String(event.revision)];
  const [ofSite, ofDevice] = [sites.get(id), devices.get(id)];
  if (ofSite) sites.set(id, { ...ofSite, revision });
  if (ofDevice) devices.set(id, { ...ofDevice, revision });
};

/** What each event changes. Complete: a new event type of these categories fails to compile here. */
export const changes: Readonly<Record<AnyEvent['type'] | typeof keyForfeited, Apply>> = {
  [keyForfeited]: onForfeit,
  ...ofSites,
  ...ofDevices,
  ...ofCredentials,
  ...ofConfigurations,
  ...ofSeries,
};
