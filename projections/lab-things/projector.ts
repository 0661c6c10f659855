import { evolveBattery } from '#battery-lab/battery/document.js';
import { batteryEvents } from '#battery-lab/battery/events.js';
import { evolveCyclerDevice } from '#battery-lab/device/document.js';
import { cyclerDeviceEvents } from '#battery-lab/device/events.js';
import { evolveProfile, type Profile } from '#battery-lab/profile/document.js';
import { profileEvents } from '#battery-lab/profile/events.js';
import { evolveStation, type Station } from '#battery-lab/station/document.js';
import { stationEvents } from '#battery-lab/station/events.js';
import { evolveUnit } from '#battery-lab/unit/document.js';
import { unitEvents } from '#battery-lab/unit/events.js';
import type { StoredEvent } from '#event-log/event-log.js';
import { keyForfeited } from '#event-log/key/forfeited.js';
import { formatPosition } from '#event-log/position.js';

import { configurationId, thingCategories, type ThingCategory, type ThingsWork } from './rows.js';

type Apply = (work: ThingsWork, event: StoredEvent) => void;

/** Raised with each change of what the rows are. */
export const version = 1;

const idOf = ({ stream }: StoredEvent): string => stream.slice(stream.indexOf('-') + 1);

type Absent = { readonly status: 'absent' };
type Known = { readonly status: 'inUse' | 'retired' };

/**
 * Keeps the document of a thing, which its context folds, by every event of the category. `also` gets the document
 * after the event, and answers what is kept of it.
 */
const keep = <S extends Known, E>(
  category: ThingCategory,
  types: Readonly<Record<string, unknown>>,
  evolve: (state: S | Absent, event: E) => S | Absent,
  also: (document: S, work: ThingsWork, event: StoredEvent) => Known = (document) => document,
): Readonly<Record<string, Apply>> => {
  const apply: Apply = (work, event) => {
    const rows = work.things[category];
    const row = rows.get(idOf(event));
    const state = evolve((row?.document as S | undefined) ?? { status: 'absent' }, event as E);
    if (state.status === 'absent') return;
    rows.set(idOf(event), {
      id: idOf(event),
      document: also(state, work, event),
      registered_position: row?.registered_position ?? formatPosition(event.position),
      revision: String(event.revision),
    });
  };
  return Object.fromEntries(Object.keys(types).map((type) => [type, apply]));
};

const station = (
  document: Station,
  { configurations }: ThingsWork,
  event: StoredEvent,
): Station => {
  const { configuration: number, since, retiredAt, unitId, location, devices, measures } = document;
  const id = idOf(event);
  const of = (one: number) => configurations.get(configurationId(id, one));
  const before = of(number - 1);
  if (before) configurations.set(before.id, { ...before, until: since });
  const own = configurationId(id, number);
  configurations.set(own, {
    ...{ id: own, station_id: id, number: String(number), since, until: retiredAt },
    configuration: { location, unitId, devices, measures },
  });
  return document;
};

const profile = (document: Profile, { versions }: ThingsWork, event: StoredEvent): Known => {
  const { program, ...shown } = document;
  // Not kept in the row, so that it is there with a new version alone.
  if (!('program' in event.data)) return shown;
  const { actor, reason = null } = event.metadata;
  const id = `${idOf(event)}/${String(document.version)}`;
  versions.set(id, {
    ...{ id, profile_id: idOf(event), version: String(document.version), program },
    ...{ hash: document.hash, defined_at: event.created.toISOString() },
    ...{ defined_by: actor.id, reason },
  });
  return shown;
};

/** An event of the stream like any other: what `If-Match` names counts it. */
const onForfeit: Apply = ({ things }, event) => {
  const category = thingCategories.find((one) => event.stream.startsWith(`${one}-`));
  const row = category && things[category].get(idOf(event));
  if (row) things[category].set(row.id, { ...row, revision: String(event.revision) });
};

/** What each event changes: every type of the categories. */
export const changes: Readonly<Record<string, Apply>> = {
  [keyForfeited]: onForfeit,
  ...keep('battery', batteryEvents, evolveBattery),
  ...keep('cyclerDevice', cyclerDeviceEvents, evolveCyclerDevice),
  ...keep('unit', unitEvents, evolveUnit),
  ...keep('station', stationEvents, evolveStation, station),
  ...keep('profile', profileEvents, evolveProfile, profile),
};
