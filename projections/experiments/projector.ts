import { type AlarmDocumentState, evolveAlarm } from '#battery-lab/alarm/document.js';
import { type AlarmEvent, alarmEvents } from '#battery-lab/alarm/events.js';
import { type BatteryEvent, batteryEvents } from '#battery-lab/battery/events.js';
import { type DocumentState, evolveDocument } from '#battery-lab/experiment/document.js';
import {
  type EventData,
  type ExperimentEvent,
  experimentEvents,
} from '#battery-lab/experiment/events.js';
import type { StoredEvent } from '#event-log/event-log.js';
import { keyForfeited } from '#event-log/key/forfeited.js';
import { formatPosition } from '#event-log/position.js';

import { type DocumentRow, type ExperimentsWork, stepRowId } from './rows.js';

type Apply = (work: ExperimentsWork, event: StoredEvent) => void;

const idOf = ({ stream }: StoredEvent): string => stream.slice(stream.indexOf('-') + 1);

const keep = (rows: Map<string, DocumentRow>, event: StoredEvent, document: object): void => {
  const id = idOf(event);
  rows.set(id, {
    ...{ id, document, revision: String(event.revision) },
    registered_position: rows.get(id)?.registered_position ?? formatPosition(event.position),
  });
};

const onExperiment: Apply = ({ experiments, steps, rejected }, event) => {
  const before = experiments.get(idOf(event))?.document as DocumentState | undefined;
  const after = evolveDocument(before ?? { status: 'absent' }, event as unknown as ExperimentEvent);
  if (after.status === 'absent') return;
  // Ends that the unit does not report are those of the server.
  const hasEnded =
    ['cancelled', 'aborted', 'failed'].includes(after.status) && after.import === null;
  const endedAt = hasEnded ? (after.endedAt ?? event.created.toISOString()) : after.endedAt;
  keep(experiments, event, { ...after, endedAt });
  if (event.type === 'ImportedRowsRejected') {
    const { file, rows } = event.data as EventData<'ImportedRowsRejected'>;
    for (const [index, { line, ...row }] of rows.entries()) {
      const place = String(Number(event.revision) * 1_000 + index);
      const id = `${idOf(event)}/${place}`;
      rejected.set(id, { id, experiment_id: idOf(event), place, file, line: String(line), ...row });
    }
  } else if (event.type === 'StepStarted') {
    const { at, testTimeS, ...place } = event.data as EventData<'StepStarted'>;
    const id = stepRowId(idOf(event), place.stepCount);
    steps.set(id, {
      ...{ id, experiment_id: idOf(event), step_count: String(place.stepCount) },
      ...{ step_id: String(place.stepId), cycle: String(place.cycle) },
      ...{ started_at: at, start_test_time_s: String(testTimeS) },
      ...{ ended_at: null, end_test_time_s: null, cause: null },
      ...{ charge_ah: null, discharge_ah: null },
    });
  } else if (event.type === 'StepEnded') {
    const data = event.data as EventData<'StepEnded'>;
    const row = steps.get(stepRowId(idOf(event), data.stepCount));
    if (!row) return;
    steps.set(row.id, {
      ...{ ...row, ended_at: data.at, end_test_time_s: String(data.testTimeS), cause: data.cause },
      ...{ charge_ah: String(data.chargeAh), discharge_ah: String(data.dischargeAh) },
    });
  }
};

const onAlarm: Apply = ({ alarms }, event) => {
  const before = alarms.get(idOf(event))?.document as AlarmDocumentState | undefined;
  const after = evolveAlarm(before ?? { status: 'absent' }, event as unknown as AlarmEvent);
  if (after.status !== 'absent') keep(alarms, event, after);
};

const onBattery: Apply = ({ batteries }, event) => {
  const { type, data } = event as unknown as BatteryEvent;
  const id = idOf(event);
  const row = batteries.get(id);
  if (type === 'BatteryRegistered') {
    const { technology, chemistry, productId } = data;
    batteries.set(id, { id, technology, chemistry, product_id: productId });
  } else if (type === 'BatteryProductSet' && row) {
    batteries.set(id, { ...row, product_id: data.productId });
  }
};

/** An event of the stream like any other: what `If-Match` names counts it. */
const onForfeit: Apply = ({ experiments }, event) => {
  const row = event.stream.startsWith('experiment-') && experiments.get(idOf(event));
  if (row) experiments.set(row.id, { ...row, revision: String(event.revision) });
};

const each = (types: object, apply: Apply): Readonly<Record<string, Apply>> =>
  Object.fromEntries(Object.keys(types).map((type) => [type, apply]));

/** What each event changes: every type of the categories. */
export const changes: Readonly<Record<string, Apply>> = {
  [keyForfeited]: onForfeit,
  ...each(experimentEvents, onExperiment),
  ...each(alarmEvents, onAlarm),
  ...each(batteryEvents, onBattery),
};
