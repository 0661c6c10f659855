import type { StoredEvent } from '#event-log/event-log.js';
import { type DeviceEvent, deviceStream } from '#telemetry/device/events.js';
import { deviceOfSamples, type SamplesEvent, type SampleValue } from '#telemetry/samples/events.js';
import { type SeriesEvent, seriesStream, type ValueType } from '#telemetry/series/events.js';
import { type SiteEvent, siteStream } from '#telemetry/site/events.js';

import { arriving, type Origin } from './arriving.js';
import { correct, expire } from './change.js';
import { rulesOf } from './series.js';
import type { SamplesWork } from './working-set.js';

type Any = SamplesEvent | SeriesEvent | SiteEvent | DeviceEvent;
type Of<T extends Any['type']> = Extract<Any, { type: T }>['data'];
type Apply = (work: SamplesWork, event: StoredEvent) => void;

const originOf = ({ stream, position, metadata }: StoredEvent): Origin => ({
  device: deviceOfSamples(stream),
  way: metadata.source,
  recordedAt: Date.parse(metadata.recordedAt),
  position: position.commit,
});

const valueTypeOf = (value: SampleValue | undefined): ValueType => {
  if (typeof value === 'string') return 'text';
  return typeof value === 'boolean' ? 'boolean' : 'number';
};

const deviceOfSeries = ({ stream }: StoredEvent): string => stream.slice(seriesStream('').length);
const setZone: Apply = (work, { stream, data }) => {
  const { timeZone } = data as Of<'SiteTimeZoneSet'>;
  work.replace((places) => places.setZone(stream.slice(siteStream('').length), timeZone));
};

/** What each event does to the tables; an event that is not named does nothing. */
export const changes: Readonly<Partial<Record<Any['type'], Apply>>> = {
  SamplesRecorded: (work, event) => {
    const origin = originOf(event);
    for (const { t0, t, series } of (event.data as Of<'SamplesRecorded'>).blocks) {
      const start = Date.parse(t0);
      for (const [name, { values, quality }] of Object.entries(series)) {
        const first = values.find((value) => value !== null);
        if (first === undefined) continue;
        const known = work.seriesOf(origin.device, name, valueTypeOf(first));
        const gathered = work.arrivalsOf(known, values.length);
        for (const [row, offset] of t.entries()) {
          const value = values[row] ?? null;
          if (value === null) continue;
          gathered.push(arriving(known, start + offset, origin, value, quality?.[row]));
        }
      }
    }
  },
  SampleCorrected: (work, event) => {
    const { series, at, value, quality } = event.data as Of<'SampleCorrected'>;
    const origin = originOf(event);
    const known = work.seriesOf(origin.device, series, valueTypeOf(value ?? undefined));
    const sample = arriving(known, Date.parse(at), origin, value, quality);
    work.touch(known);
    work.add((client) => correct(client, sample, work.places.zoneOf(known.device)));
  },
  SeriesLearnt: (work, event) => {
    const { series, valueType, unit } = event.data as Of<'SeriesLearnt'>;
    const known = work.seriesOf(deviceOfSeries(event), series, valueType, unit);
    // Its first samples may lie before it in the log.
    known.rules = known.declared ? { ...known.rules, unit } : rulesOf(valueType, unit);
    work.touch(known);
  },
  SeriesDeclared: (work, event) => {
    const { series, ...rules } = event.data as Of<'SeriesDeclared'>;
    const known = work.seriesOf(deviceOfSeries(event), series, rules.valueType, rules.unit);
    known.rules = rules;
    known.declared = true;
    work.touch(known);
  },
  SeriesRetentionSet: (work, event) => {
    const { series, days } = event.data as Of<'SeriesRetentionSet'>;
    const known = work.find(deviceOfSeries(event), series);
    if (!known) return;
    known.retentionDays = days;
    work.touch(known);
  },
  SamplesExpired: (work, event) => {
    const { series, before } = event.data as Of<'SamplesExpired'>;
    const known = work.find(deviceOfSeries(event), series);
    if (!known) return;
    work.touch(known);
    work.add((client) => expire(client, known, Date.parse(before)));
  },
  SiteRegistered: setZone,
  SiteTimeZoneSet: setZone,
  DeviceAttached: (work, { stream, data }) => {
    const { siteId } = data as Of<'DeviceAttached'>;
    work.replace((places) => places.attach(stream.slice(deviceStream('').length), siteId));
  },
};
