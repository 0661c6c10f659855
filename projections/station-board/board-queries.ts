import type { AlarmDocument } from '#battery-lab/alarm/document.js';
import type { ExperimentDocument } from '#battery-lab/experiment/document.js';
import { sentenceOf } from '#cycling/program/print-sentences.js';
import type { Step } from '#cycling/program/program.js';
import type { Queryable } from '#resource/sql.js';

import type { LatestRecord } from './rows.js';
import { boardSchema } from './station-board.projection.js';

/** What runs at a station, by the facts and by its newest record. */
export interface BoardExperiment extends Pick<
  ExperimentDocument,
  'name' | 'status' | 'output' | 'batteryId' | 'startedAt' | 'instruction' | 'message'
> {
  readonly id: string;
  readonly step:
    | (NonNullable<ExperimentDocument['step']> & {
        readonly sentence: string | null;
        readonly elapsedS: number | null;
      })
    | null;
  readonly latest: (LatestRecord & { readonly powerW: number }) | null;
}

/** A station as it is now. Units are in the names. */
export interface BoardStation {
  readonly id: string;
  readonly name: string;
  readonly location: string;
  readonly status: 'inUse' | 'retired';
  /** Online: null where it was never connected. */
  readonly unit: {
    readonly id: string;
    readonly name: string | null;
    readonly isOnline: boolean | null;
  };
  readonly experiment: BoardExperiment | null;
  readonly alarms: readonly (Pick<
    AlarmDocument,
    'experimentId' | 'kind' | 'severity' | 'message' | 'isAcknowledged'
  > & { readonly id: string })[];
  readonly queue: {
    readonly length: number;
    readonly next: { readonly id: string; readonly name: string } | null;
    /** Why its station takes no experiment. */
    readonly held: ExperimentDocument['held'];
  };
  /** Of the last event that changed it. */
  readonly position: string;
}

/** What a lab cannot have more of is not shown. */
const mostStations = 1_000;
const mostAlarms = 20;

/** Of a drive cycle the points are counted. */
type StoredStep = Omit<Step, 'points'> & { readonly points?: number };

interface BoardRow {
  readonly id: string;
  readonly station: Pick<BoardStation, 'name' | 'location' | 'status'> & {
    readonly unitId: string;
  };
  readonly unit_name: string | null;
  readonly is_online: boolean | null;
  readonly experiment_id: string | null;
  readonly experiment: ExperimentDocument | null;
  readonly step: StoredStep | null;
  readonly step_from_s: number | null;
  readonly record: LatestRecord | null;
  readonly waiting: number;
  readonly next_id: string | null;
  readonly next_name: string | null;
  readonly alarms: BoardStation['alarms'];
  readonly position: string;
}

/** Stations by their names; retired ones too. One statement, so that all of it is of one moment. */
const board = `
  select s.id, s.document as station, u.name as unit_name, l.is_online,
    e.id as experiment_id, e.document as experiment, e.step_from_s,
    e.steps -> ((e.document #>> '{step,stepId}')::int - 1) as step, r.record,
    coalesce(jsonb_array_length(q.waiting), 0) as waiting,
    n.id as next_id, n.document ->> 'name' as next_name, a.alarms,
    greatest(s.position, u.position, l.position, q.position, e.position, r.position, n.position,
      (select max(every.position) from ${boardSchema}.alarms every where every.station_id = s.id)
    )::text as position
  from ${boardSchema}.stations s
    left join ${boardSchema}.units u on u.id = s.document ->> 'unitId'
    left join ${boardSchema}.links l on l.id = s.document ->> 'unitId'
    left join ${boardSchema}.queues q on q.id = s.id
    left join ${boardSchema}.experiments e on e.id = q.running
    left join ${boardSchema}.latest r on r.id = e.id
    left join ${boardSchema}.experiments n on n.id = q.waiting ->> 0
    cross join lateral (
      select coalesce(jsonb_agg(open.shown), '[]') as alarms from (
        select one.document || jsonb_build_object('id', one.id) as shown
        from ${boardSchema}.alarms one
        where one.station_id = s.id and one.is_open
          -- What failed stays raised for ever: once somebody knows of it, it is no news any more.
          and (one.document -> 'isAcknowledged' = 'false' or one.document ->> 'experimentId' = e.id)
        order by one.position desc limit ${String(mostAlarms)}
      ) open
    ) a
  order by s.document ->> 'name', s.id limit ${String(mostStations)}`;

export const readBoard = async (pool: Queryable): Promise<readonly BoardStation[]> => {
  const { rows } = await pool.query<BoardRow>(board);
  return rows.map(shown);
};

const shown = (row: BoardRow): BoardStation => {
  const { id, station, unit_name, is_online, next_id, next_name, waiting, position } = row;
  const { name, location, status, unitId } = station;
  return {
    ...{ id, name, location, status },
    unit: { id: unitId, name: unit_name, isOnline: is_online },
    experiment: running(row),
    alarms: row.alarms.map(
      ({ id: alarm, experimentId, kind, severity, message, isAcknowledged }) => ({
        ...{ id: alarm, experimentId, kind, severity, message, isAcknowledged },
      }),
    ),
    queue: {
      length: waiting,
      next: next_id === null ? null : { id: next_id, name: next_name ?? '' },
      held: row.experiment?.held ?? null,
    },
    position,
  };
};

const written = (step: StoredStep): Step =>
  ({
    ...step,
    ...(step.points !== undefined && { points: Array.from({ length: step.points }) }),
  }) as Step;

const running = (row: BoardRow): BoardExperiment | null => {
  const { experiment_id: id, experiment, record, step_from_s: from } = row;
  if (id === null || !experiment) return null;
  const { name, status, output, batteryId, startedAt, instruction, message, step } = experiment;
  // Records of a step may come before it is known that it has begun.
  const elapsedS = record && from !== null ? Math.max(0, record.testTimeS - from) : null;
  return {
    ...{ id, name, status, output, batteryId, startedAt, instruction, message },
    step: step && { ...step, sentence: row.step && sentenceOf(written(row.step)), elapsedS },
    latest: record && { ...record, powerW: record.voltageV * record.currentA },
  };
};
