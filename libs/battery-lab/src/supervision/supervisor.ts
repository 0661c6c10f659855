import type { EventLog } from '#event-log/event-log.js';
import { handleCommand } from '#event-log/handle-command.js';
import type { KeyTaken } from '#event-log/key/claim-key.js';
import { handleClaiming } from '#event-log/key/handle-claiming.js';
import { States } from '#event-log/states.js';
import type { CommandMeta, ContentOf } from '#kernel/command.js';
import { contentIdOf } from '#kernel/ids.js';
import { Refusal } from '#kernel/refusal.js';
import type { StoreLogger } from '#read-store/read-store.js';

import { alarmDecider } from '../alarm/decider.js';
import type { ExperimentCommand } from '../experiment/commands.js';
import { experimentDecider } from '../experiment/decider.js';
import {
  type AlarmReaction,
  dueAt,
  heldUntil,
  type Reaction,
  reactionsTo,
} from '../experiment/reactions.js';
import { type Experiment, type ExperimentState, isExecuted, turnsOn } from '../experiment/state.js';
import { type QueueCommand, queueDecider, queueFull } from '../queue/decider.js';
import { alarmCommand } from './alarm-command.js';
import { Equipment } from './equipment.js';

export const supervisorName = 'cycler-control';

/** Steps that one look at an experiment may lead to; more would be a mistake in what it decides by. */
const maxRounds = 20;
/** After a battery or a device that is not free was waited for. */
const againMs = 10_000;

/** No output is turned on that nobody can supervise yet. */
const unsupervisedMs = 1_000;

export interface Attention {
  readonly state: ExperimentState;
  /** Another experiment whose turn it may be now: to be looked at, too. */
  readonly next: string | undefined;
  readonly revision: bigint;
  /** In how many milliseconds to look again; undefined: when something happens. */
  readonly dueInMs: number | undefined;
}

interface Turn {
  /** In milliseconds since 1970. */
  readonly dueAt?: number | undefined;
  readonly next?: string;
}

/**
 * Drives experiments: looks at what the log says of one and does what is next. Everything follows from the folded
 * state, and each command has an id that follows from it too, so it may look as often as it likes, in two processes
 * at once, after any crash.
 */
export class Supervisor {
  readonly experiments;
  readonly queues;
  private readonly alarms;
  private readonly equipment;

  constructor(
    private readonly log: EventLog,
    private readonly logger: StoreLogger,
    private readonly now: () => number,
    /** Sees to it that the unit has a lease before it is told to turn its output on: it refuses to without one. */
    private readonly mayTurnOn: (experimentId: string, unitId: string) => Promise<boolean>,
  ) {
    this.experiments = new States(log, experimentDecider);
    this.queues = new States(log, queueDecider);
    this.alarms = new States(log, alarmDecider);
    this.equipment = new Equipment(log);
  }

  /** Does what is next. Resolves with how the experiment stands then. */
  async attend(experimentId: string): Promise<Attention> {
    let next: string | undefined;
    for (let round = 0; round < maxRounds; round += 1) {
      const { state, revision } = await this.experiments.refresh(experimentId);
      if (!isExecuted(state)) return { state, revision, dueInMs: undefined, next };
      const turn = await this.attendQueue(experimentId, state);
      next = turn.next ?? next;
      let hasChanged = false;
      let heldUntil: number | undefined;
      for (const reaction of reactionsTo(state, this.now())) {
        const isTurningOn = reaction.do === 'issue' && turnsOn(reaction.kind);
        if (isTurningOn && !(await this.mayTurnOn(experimentId, state.request.unitId))) {
          heldUntil = this.now() + unsupervisedMs;
          continue;
        }
        const key = `${String(revision)} ${JSON.stringify(reaction)}`;
        if (reaction.do === 'release') next = (await this.release(experimentId, state)) ?? next;
        else hasChanged = (await this.carryOut(experimentId, state, reaction, key)) || hasChanged;
      }
      const isNewer = this.experiments.cached(experimentId)?.revision !== revision;
      if (!hasChanged && !isNewer) {
        const at = earliest(turn.dueAt, heldUntil, dueAt(state, this.now()));
        const dueInMs = at === undefined ? undefined : Math.max(0, at - this.now());
        return { state, revision, dueInMs, next };
      }
    }
    throw new Error(`experiment ${experimentId} does not come to rest`);
  }

  /** The last day on which the calibrations of all its devices count, those included that were made while it runs. */
  async calibratedUntil({ assigned }: Experiment): Promise<string | null> {
    const until = assigned?.calibratedUntil ?? null;
    if (!assigned || until === null || !this.isOver(until)) return until;
    const ids = assigned.devices.map(({ deviceId }) => deviceId);
    return (await this.equipment.calibratedUntil(ids, this.today())) ?? until;
  }

  /** Whether a day, as an ISO 8601 date, has passed. */
  isOver(day: string): boolean {
    return day < this.today();
  }

  /** Ends what a unit is doing, because of something that is seen here. Resolves with whether it was doing anything. */
  async trip(experimentId: string, interlock: string, message: string, key: string) {
    const data = {
      ...({ by: 'server', interlock, message, isOutputOff: false, testTimeS: null } as const),
      at: new Date(this.now()).toISOString(),
      ...{ elapsedS: 0, chargeAh: 0, dischargeAh: 0 },
    };
    try {
      return await this.tell(experimentId, { type: 'NoteTripped', data }, key);
    } catch (error) {
      if (error instanceof Refusal && error.code === experimentEnded) return false;
      throw error;
    }
  }

  /** The station of an experiment goes to the next one when it is free. */
  private async attendQueue(experimentId: string, state: Experiment): Promise<Turn> {
    if (state.status !== 'queued' || state.ending) return {};
    const { stationId } = state.request;
    if (!(await this.enqueue(stationId, experimentId))) return {};
    const { state: queue, revision } = await this.queues.refresh(stationId);
    if (queue.running === null) {
      await this.order(stationId, { type: 'TakeNextExperiment', data: {} }, String(revision));
    }
    const { running } = (await this.queues.refresh(stationId)).state;
    if (running === null) return {};
    if (running === experimentId) return { dueAt: await this.assign(experimentId, state) };
    return { next: running };
  }

  /** Resolves with whether it waits, or has the station: one that finds the queue full fails. */
  private async enqueue(stationId: string, experimentId: string): Promise<boolean> {
    try {
      const command = { type: 'EnqueueExperiment', data: { experimentId } } as const;
      await this.order(stationId, command, experimentId);
      return true;
    } catch (error) {
      if (!(error instanceof Refusal) || error.code !== queueFull().code) throw error;
      await this.fail(experimentId, error.message);
      return false;
    }
  }

  /** Station and battery become its own; waits where they cannot yet, and looks at them again. */
  private async assign(experimentId: string, state: Experiment): Promise<number | undefined> {
    const tryAt = heldUntil(state, this.now());
    if (tryAt !== undefined && tryAt > this.now()) return tryAt;
    const attempt = String(state.held?.attempts ?? 0);
    const readiness = await this.equipment.readinessOf(state.request, this.today());
    if ('problem' in readiness) {
      await this.fail(experimentId, readiness.problem);
      return undefined;
    }
    if ('obstacle' in readiness) {
      const data = { reason: readiness.obstacle, at: new Date(this.now()).toISOString() };
      await this.tell(experimentId, { type: 'HoldExperiment', data }, attempt);
      return undefined;
    }
    try {
      const meta = this.meta('assign', experimentId, attempt, JSON.stringify(readiness));
      const command = { type: 'AssignExperiment', data: readiness, meta } as const;
      const others = [this.equipment.batteries, this.equipment.stations];
      await handleClaiming(this.log, this.experiments, notFree, experimentId, command, {}, others);
      return undefined;
    } catch (error) {
      if (!(error instanceof Refusal) || error.code !== notFreeCode) throw error;
      this.logger.info({ experimentId, reason: error.message }, 'the experiment waits');
      return this.now() + againMs;
    }
  }

  private async fail(experimentId: string, message: string): Promise<void> {
    await this.tell(experimentId, { type: 'FailExperiment', data: { message } }, message);
  }

  private async carryOut(
    id: string,
    state: Experiment,
    reaction: Exclude<Reaction, { do: 'release' }>,
    key: string,
  ): Promise<boolean> {
    const at = new Date(this.now()).toISOString();
    switch (reaction.do) {
      case 'issue': {
        const { kind } = reaction;
        const instruction = contentIdOf('instruction', id, key);
        this.logger.info({ experimentId: id, kind, instruction }, 'an instruction is issued');
        const data = { instruction, kind, at };
        return this.tell(id, { type: 'IssueInstruction', data }, key);
      }
      case 'repeat': {
        const { instruction, attempt } = reaction;
        const data = { instruction, attempt, at };
        return this.tell(id, { type: 'RepeatInstruction', data }, key);
      }
      case 'timeOut': {
        const { instruction } = reaction;
        return this.tell(id, { type: 'TimeOutInstruction', data: { instruction, at } }, key);
      }
      case 'end':
        return this.tell(id, { type: 'EndExperiment', data: {} }, key);
      default:
        return this.alarm(id, state, reaction);
    }
  }

  /** Resolves with who has the station by now, as after a crash, or waits for it first. */
  private async release(experimentId: string, { request: { stationId } }: Experiment) {
    const data = { experimentId };
    await this.order(stationId, { type: 'DequeueExperiment', data }, `leaves ${experimentId}`);
    await this.order(stationId, { type: 'ReleaseStation', data }, `release ${experimentId}`);
    const { running, waiting } = (await this.queues.refresh(stationId)).state;
    return running ?? waiting[0];
  }

  private async alarm(
    experimentId: string,
    { request: { stationId } }: Experiment,
    reaction: AlarmReaction,
  ): Promise<boolean> {
    const { do: what, subject, kind, message } = reaction;
    const id = contentIdOf('cycler-alarm', experimentId, subject);
    // It is raised once, and never again.
    const { status } = this.alarms.cached(id)?.state ?? {};
    if (what === 'clear' && status === 'cleared') return false;
    // What it says may have changed since, which is no news to it.
    const meta = this.meta('alarm', id, what, message);
    const command = alarmCommand(reaction, experimentId, stationId, meta);
    const { outcome } = await handleCommand(this.log, this.alarms, id, command);
    if (outcome === 'accepted') this.logger.warn({ experimentId, kind, what, message }, 'an alarm');
    return false;
  }

  private async tell(
    id: string,
    command: ContentOf<ExperimentCommand>,
    key: string,
  ): Promise<boolean> {
    const meta = this.meta('experiment', id, command.type, key);
    const told = { ...command, meta } as ExperimentCommand;
    try {
      const { outcome } = await handleCommand(this.log, this.experiments, id, told);
      return outcome === 'accepted';
    } catch (error) {
      // Somebody else who looks at the same state has done so a moment ago, with another time.
      if (error instanceof Refusal && error.code === 'IDEMPOTENCY_KEY_REUSED') return true;
      throw error;
    }
  }

  private async order(
    stationId: string,
    command: ContentOf<QueueCommand>,
    key: string,
  ): Promise<void> {
    const meta = this.meta('queue', stationId, command.type, key);
    await handleCommand(this.log, this.queues, stationId, { ...command, meta });
  }

  private today(): string {
    return new Date(this.now()).toISOString().slice(0, 10);
  }

  private meta(...parts: readonly string[]): CommandMeta {
    const commandId = contentIdOf('cycler-control', ...parts);
    return {
      ...{ commandId, correlationId: commandId, source: 'process' },
      actor: { id: supervisorName, kind: 'system', roles: ['service'] },
      occurredAt: new Date(this.now()).toISOString(),
    };
  }
}

const earliest = (...times: readonly (number | undefined)[]): number | undefined => {
  const known = times.filter((time) => time !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
};

const experimentEnded = 'EXPERIMENT_ENDED';
const notFreeCode = 'NOT_FREE';
/** The battery is in another experiment, or battery or station have changed since they were looked at. */
const notFree = ({ key: { kind }, owner }: KeyTaken): Refusal =>
  new Refusal(notFreeCode, 'conflict', `${kind} belongs to ${owner}`);
