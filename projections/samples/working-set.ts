import type { StoredEvent } from '#event-log/event-log.js';
import type { ProjectionClient } from '#subscription/projection/projection.js';
import { deviceCategory } from '#telemetry/device/events.js';
import { deviceOfSamples, samplesCategory } from '#telemetry/samples/events.js';
import { seriesCategory, type ValueType } from '#telemetry/series/events.js';
import { siteCategory } from '#telemetry/site/events.js';

import type { Arriving } from './arriving.js';
import type { Calendar } from './buckets.js';
import { Intake } from './intake.js';
import { Places } from './places.js';
import { moveToZone } from './recompute.js';
import { loadSeries, rulesOf, saveSeries, type Series } from './series.js';
import { take } from './take.js';

type Step = (client: ProjectionClient) => Promise<void>;

/** So many samples are put into tables at once. */
const maxAtOnce = 50_000;

/**
 * What a batch does to the tables: steps in the order of the log, where samples that follow each other are one.
 * Series get their numbers as their events are read; everything else waits for its step.
 */
export class SamplesWork {
  private readonly steps: Step[] = [];
  private readonly changed = new Set<Series>();
  private readonly intake = new Intake();
  private readonly series = new Map<string, Series>();
  private open: { readonly arrivals: Map<Series, Arriving[]>; count: number } | undefined;

  private constructor(
    readonly places: Places,
    known: readonly Series[],
    private lastId: number,
  ) {
    for (const one of known) this.series.set(keyOf(one.device, one.name), one);
  }

  static async load(
    client: ProjectionClient,
    events: readonly StoredEvent[],
  ): Promise<SamplesWork> {
    const ids = idsOf(events);
    const devices = [samplesCategory, seriesCategory, deviceCategory].flatMap((one) => ids(one));
    const sites = [...ids(siteCategory), ...attachedTo(events)];
    const places = await Places.load(client, devices, sites);
    const known = await loadSeries(client, [...new Set([...devices, ...places.devices.keys()])]);
    const { rows } = await client.query<{ last: number }>(
      'select coalesce(max(id), 0) as last from series',
    );
    return new SamplesWork(places, known, rows[0]?.last ?? 0);
  }

  /** The series, made where nobody has named it yet. */
  seriesOf(device: string, name: string, valueType: ValueType, unit: string | null = null): Series {
    const key = keyOf(device, name);
    const known = this.series.get(key);
    if (known) return known;
    const made: Series = {
      ...{ id: (this.lastId += 1), device, name, rules: rulesOf(valueType, unit) },
      ...{ declared: false, retentionDays: null, expiredBefore: null, firstAt: null },
      ...{ latestAt: null, latest: null, latestRecordedAt: null, removed: new Set() },
    };
    this.series.set(key, made);
    this.changed.add(made);
    return made;
  }

  find(device: string, name: string): Series | undefined {
    return this.series.get(keyOf(device, name));
  }

  touch(series: Series): void {
    this.changed.add(series);
  }

  /** Where samples of the series are gathered until there are enough of them, or something else comes. */
  arrivalsOf(series: Series, count: number): Arriving[] {
    if (!this.open || this.open.count > maxAtOnce) {
      const arrivals = new Map<Series, Arriving[]>();
      this.steps.push((client) =>
        take(client, arrivals, ({ device }) => this.places.zoneOf(device), this.intake),
      );
      this.open = { arrivals, count: 0 };
    }
    this.open.count += count;
    this.changed.add(series);
    const gathered = this.open.arrivals.get(series) ?? [];
    this.open.arrivals.set(series, gathered);
    return gathered;
  }

  /** After what came before it, and before what comes after it. */
  add(step: Step): void {
    this.open = undefined;
    this.steps.push(step);
  }

  /** Changes places and moves the days and months of each device that has another zone by that. */
  replace(change: (places: Places) => void): void {
    this.add(async (client) => {
      const devices = [...new Set([...this.series.values()].map(({ device }) => device))];
      const before = new Map<string, Calendar>(
        devices.map((device) => [device, this.places.zoneOf(device)]),
      );
      change(this.places);
      for (const one of this.series.values()) {
        const zone = this.places.zoneOf(one.device);
        if (zone !== before.get(one.device)) await moveToZone(client, one, zone);
      }
    });
  }

  async save(client: ProjectionClient): Promise<void> {
    for (const step of this.steps) await step(client);
    await saveSeries(client, [...this.changed]);
    await this.places.save(client);
    await this.intake.save(client);
  }
}

const keyOf = (device: string, name: string): string => `${device} ${name}`;

/** What the streams of a category in the batch are named by. */
const idsOf = (events: readonly StoredEvent[]) => {
  const streams = [...new Set(events.map(({ stream }) => stream))];
  return (category: string): string[] =>
    streams
      .filter((stream) => stream.startsWith(`${category}-`))
      .map((stream) =>
        category === samplesCategory ? deviceOfSamples(stream) : stream.slice(category.length + 1),
      );
};

const attachedTo = (events: readonly StoredEvent[]): string[] =>
  events.flatMap(({ type, data }) => (type === 'DeviceAttached' ? [String(data['siteId'])] : []));
