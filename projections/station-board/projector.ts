import { type AlarmDocumentState, evolveAlarm } from '#battery-lab/alarm/document.js';
import { type AlarmEvent, alarmEvents } from '#battery-lab/alarm/events.js';
import { type DocumentState, evolveDocument } from '#battery-lab/experiment/document.js';
import { type ExperimentEvent, experimentEvents } from '#battery-lab/experiment/events.js';
import { evolveQueue, noQueue } from '#battery-lab/queue/document.js';
import { type QueueEvent, queueEvents } from '#battery-lab/queue/events.js';
import type { CyclerSamplesRecorded } from '#battery-lab/samples/events.js';
import { evolveStation, type StationState } from '#battery-lab/station/document.js';
import { type StationEvent, stationEvents } from '#battery-lab/station/events.js';
import type { StoredEvent } from '#event-log/event-log.js';
import { formatPosition } from '#event-log/position.js';
import type { LinkEvent } from '#telemetry/link/events.js';

import { programSteps } from './program-steps.js';
import type { BoardWork, LatestRecord } from './rows.js';
import { rowIdOf } from './working-set.js';

/** Raised with each change of what the rows are. */
export const version = 2;

type Apply = (work: BoardWork, event: StoredEvent) => void;
type Keys = { readonly id: string; readonly position: string };

const keysOf = (event: StoredEvent): Keys => ({
  ...{ id: rowIdOf(event), position: formatPosition(event.position) },
});

const onStation: Apply = ({ stations }, event) => {
  const keys = keysOf(event);
  const before = (stations.get(keys.id)?.document ?? { status: 'absent' }) as StationState;
  const document = evolveStation(before, event as unknown as StationEvent);
  if (document.status !== 'absent') stations.set(keys.id, { ...keys, document });
};

const onUnit: Apply = ({ units }, event) => {
  const { name } = event.data as { readonly name: string };
  const keys = keysOf(event);
  units.set(keys.id, { ...keys, name });
};

const onLink: Apply = ({ links }, event) => {
  const { type, data } = event as unknown as LinkEvent;
  const is_online = type === 'DeviceBorn' || (data as { state?: string }).state === 'online';
  const keys = keysOf(event);
  links.set(keys.id, { ...keys, is_online });
};

const onQueue: Apply = ({ queues }, event) => {
  const keys = keysOf(event);
  const { waiting, running } = queues.get(keys.id) ?? noQueue;
  const now = evolveQueue({ waiting, running }, event as unknown as QueueEvent);
  queues.set(keys.id, { ...keys, ...now });
};

const onExperiment: Apply = ({ experiments }, event) => {
  const keys = keysOf(event);
  const row = experiments.get(keys.id);
  const own = event as unknown as ExperimentEvent;
  const before = (row?.document ?? { status: 'absent' }) as DocumentState;
  const document = evolveDocument(before, own);
  if (document.status === 'absent') return;
  const { type, data } = own;
  const steps = type === 'ExperimentQueued' ? programSteps(nodesOf(data.program)) : [];
  experiments.set(keys.id, {
    ...{ ...keys, document, steps: row?.steps ?? steps },
    step_from_s: type === 'StepStarted' ? String(data.testTimeS) : (row?.step_from_s ?? null),
  });
};

const nodesOf = (program: object) =>
  (program as { readonly steps: Parameters<typeof programSteps>[0] }).steps;

const onSamples: Apply = ({ latest }, event) => {
  const keys = keysOf(event);
  const record = newestOf(event.data as unknown as CyclerSamplesRecorded);
  const known = latest.get(keys.id)?.record.testTimeS ?? -1;
  // Chunks that are sent again come late.
  if (record.testTimeS >= known) latest.set(keys.id, { ...keys, record });
};

const newestOf = ({ to, channels, ...columns }: CyclerSamplesRecorded): LatestRecord => {
  const row = columns.testTimeS.length - 1;
  const { testTimeS, voltageV, currentA, temperatureC = [] } = columns;
  return {
    ...{ at: to, testTimeS: testTimeS[row] ?? 0 },
    ...{ voltageV: voltageV[row] ?? 0, currentA: currentA[row] ?? 0 },
    temperatureC: temperatureC[row] ?? null,
    channels: Object.fromEntries(
      Object.entries(channels).map(([name, values]) => [name, values[row] ?? null]),
    ),
  };
};

const onAlarm: Apply = ({ alarms }, event) => {
  const keys = keysOf(event);
  const before = (alarms.get(keys.id)?.document ?? { status: 'absent' }) as AlarmDocumentState;
  const document = evolveAlarm(before, event as unknown as AlarmEvent);
  if (document.status === 'absent') return;
  const { stationId: station_id, status } = document;
  alarms.set(keys.id, { ...keys, station_id, document, is_open: status === 'raised' });
};

const each = (types: object, apply: Apply): Readonly<Record<string, Apply>> =>
  Object.fromEntries(Object.keys(types).map((type) => [type, apply]));

/** What each event changes. */
export const changes: Readonly<Record<string, Apply>> = {
  ...each(stationEvents, onStation),
  ...each(queueEvents, onQueue),
  ...each(experimentEvents, onExperiment),
  ...each(alarmEvents, onAlarm),
  ...{ UnitRegistered: onUnit, UnitRenamed: onUnit },
  ...{ DeviceBorn: onLink, DeviceStateReported: onLink },
  CyclerSamplesRecorded: onSamples,
};
