import { pause } from '#event-log/pause.js';
import type { Batch, Consumer, KnownConsumer } from '#fanout/consumer.js';
import type { Unseen } from '#fanout/sight.js';
import type { ReadStore, StoreLogger } from '#read-store/read-store.js';
import type { SubscriptionClient } from '#subscription/follower.js';

import { experimentStream } from '../experiment/events.js';
import { hasEnded, isExecuted, turnsOn } from '../experiment/state.js';
import type { CyclerSamplesRecorded } from '../samples/events.js';
import {
  type Attended,
  forgetAttended,
  keepAttended,
  noteHeard,
  readAttended,
  updateAttended,
} from './attended.js';
import { type Grants, topics } from './grants.js';
import { RecordWatches } from './record-watches.js';
import { Silence } from './silence.js';
import type { StoreClock } from './store-clock.js';
import { type Supervisor, supervisorName } from './supervisor.js';

/** As operators see it. A reset has it look at every experiment again. */
export const supervisionConsumer: KnownConsumer = {
  ...{ name: supervisorName, topics: Object.values(topics) },
  forgets:
    'nothing, but promises units nothing before it has read all again: running experiments stop',
  startOnly: null,
};

const pollMs = 200;
/** Where nothing is attended: what comes is told of by its facts, and the first thing to wait for takes longer. */
const idleMs = 1_000;
/** Experiments that are looked at side by side. */
const parallel = 8;

export interface SupervisionParts {
  readonly supervisor: Supervisor;
  readonly grants: Grants;
  readonly clock: StoreClock;
  readonly store: ReadStore;
  readonly logger: StoreLogger;
  /** Without records for so many seconds a running experiment is ended. */
  readonly silentS: number;
  /** As it is now. */
  readonly sight: () => Unseen;
}

interface Reason {
  readonly interlock: string;
  readonly message: string;
}

/**
 * Supervises running experiments: by what is published of them, by their records, and by time. Stopping it changes
 * nothing that a unit does until the leases end; then units make safe by themselves.
 */
export class Supervision {
  private readonly watches;
  private readonly silence;
  private readonly stopping = new AbortController();
  /** Experiments that could not be looked at last time, and why. Their units get no leases meanwhile. */
  private readonly troubles = new Map<string, string>();
  private polling: Promise<void> | undefined;
  private failure: string | undefined;

  constructor(private readonly parts: SupervisionParts) {
    this.watches = new RecordWatches(parts.supervisor.experiments);
    this.silence = new Silence(parts.silentS);
  }

  /** Why it cannot poll, or look at an experiment; undefined while it can. */
  get problem(): string | undefined {
    const [trouble] = this.troubles.values();
    return this.failure ?? trouble;
  }

  readonly consumer: Consumer = {
    ...{ name: supervisionConsumer.name, topics: supervisionConsumer.topics },
    handle: async (batch, client) => {
      if (batch.topic === topics.samples) await this.watch(batch, client);
      else await this.follow(batch, client);
    },
  };

  start(): void {
    this.polling = this.poll();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.polling;
  }

  private async follow({ facts }: Batch, client: SubscriptionClient): Promise<void> {
    const prefix = experimentStream('');
    const streams = new Set(facts.map(({ stream }) => stream));
    const ids = [...streams].flatMap((stream) =>
      stream.startsWith(prefix) ? [stream.slice(prefix.length)] : [],
    );
    const seen = await this.look(ids);
    const own = ids.map((id) => seen.get(id)).filter((one) => one !== undefined);
    await keepAttended(client, own);
    for (const id of ids) if (seen.get(id)) seen.delete(id);
    await writeDown(client, seen, 'waits');
  }

  /** Does what is next about these, and about those whose turn it is by that; undefined where nothing is left to do. */
  private async look(ids: readonly string[]): Promise<Map<string, Attended | undefined>> {
    const seen = new Map<string, Attended | undefined>();
    const known = new Set(ids);
    const waiting = [...known];
    while (waiting.length > 0) {
      await Promise.all(
        waiting.splice(0, parallel).map(async (id) => {
          const { attended, next } = await this.lookAt(id);
          seen.set(id, attended);
          if (next === undefined || known.has(next)) return;
          known.add(next);
          waiting.push(next);
        }),
      );
    }
    return seen;
  }

  private async lookAt(
    experimentId: string,
  ): Promise<{ readonly attended?: Attended; readonly next: string | undefined }> {
    const { supervisor } = this.parts;
    const { state, revision, dueInMs, next } = await supervisor.attend(experimentId);
    if (!isExecuted(state) || hasEnded(state)) {
      this.watches.forget(experimentId);
      return { next };
    }
    const { status, ending, open, request } = state;
    const attended = {
      ...{ experimentId, revision, dueInMs, unitId: request.unitId },
      isRunning: status === 'running' && !ending,
      isTurningOn: !ending && open !== null && turnsOn(open.kind),
      calibratedUntil: await supervisor.calibratedUntil(state),
    };
    return { attended, next };
  }

  private async watch({ facts }: Batch, client: SubscriptionClient): Promise<void> {
    const newest = new Map<string, number>();
    for (const { id, data } of facts) {
      const records = data as unknown as CyclerSamplesRecorded;
      const { experimentId, to } = records;
      newest.set(experimentId, Math.max(newest.get(experimentId) ?? 0, Date.parse(to) / 1_000));
      const breach = await this.watches.take(records);
      if (breach && (await this.trip(experimentId, breach, id))) {
        await this.parts.supervisor.attend(experimentId);
      }
    }
    await noteHeard(client, newest, this.parts.silentS);
  }

  private async poll(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      let isIdle = false;
      try {
        isIdle = (await this.lookAtAll()) === 0;
        this.failure = undefined;
      } catch (error) {
        this.failure = messageOf(error);
        this.parts.logger.warn({ err: error }, 'experiments cannot be looked at now');
      }
      await pause(isIdle ? idleMs : pollMs, signal);
    }
  }

  /** Resolves with how many there are. */
  private async lookAtAll(): Promise<number> {
    const { clock, store, grants, sight } = this.parts;
    const [unseen, askedAt] = [sight(), performance.now()];
    const { all, ms } = await readAttended(store.pool, supervisorName);
    if (ms !== undefined) clock.noted(ms, askedAt);
    await grants.renew(
      all.filter(({ experimentId: id, isParked }) => !isParked && !this.troubles.has(id)),
      unseen,
    );
    const silent = this.silence.judge(all, unseen);
    for (const id of this.troubles.keys()) {
      if (!all.some(({ experimentId }) => experimentId === id)) this.troubles.delete(id);
    }
    const due = all.filter(
      ({ isDue, isOutOfCalibration, experimentId: id }) =>
        isDue || isOutOfCalibration || silent.has(id) || this.troubles.has(id),
    );
    while (due.length > 0) {
      const some = due.splice(0, parallel);
      await Promise.all(some.map(({ experimentId: id }) => this.see(id, silent.has(id))));
    }
    return all.length;
  }

  /** One that cannot be looked at does not keep the others from being looked at. */
  private async see(experimentId: string, isSilent: boolean): Promise<void> {
    const { pool } = this.parts.store;
    try {
      const seen = await this.look([experimentId]);
      await writeDown(pool, seen, 'passes');
      const attended = seen.get(experimentId);
      const reason = attended && this.reasonToEnd(attended, isSilent);
      const key = `${String(reason?.interlock)} ${String(attended?.revision)}`;
      if (reason && (await this.trip(experimentId, reason, key))) {
        await writeDown(pool, await this.look([experimentId]), 'passes');
      }
      this.troubles.delete(experimentId);
    } catch (error) {
      this.troubles.set(experimentId, messageOf(error));
      this.parts.logger.warn({ experimentId, err: error }, 'an experiment cannot be looked at now');
    }
  }

  private reasonToEnd(
    { isRunning, calibratedUntil }: Attended,
    isSilent: boolean,
  ): Reason | undefined {
    const { supervisor, silentS } = this.parts;
    if (!isRunning) return undefined;
    if (calibratedUntil !== null && supervisor.isOver(calibratedUntil)) {
      return { interlock: 'calibration', message: 'the calibration of a device is out of date' };
    }
    const message = `no records came for ${String(silentS)} s, or only old ones`;
    return isSilent ? { interlock: 'communication', message } : undefined;
  }

  private async trip(
    experimentId: string,
    { interlock, message }: Reason,
    key: string,
  ): Promise<boolean> {
    const { supervisor, logger } = this.parts;
    const hasTripped = await supervisor.trip(experimentId, interlock, message, key);
    if (hasTripped) logger.warn({ experimentId, interlock, message }, 'an experiment is ended');
    return hasTripped;
  }
}

/**
 * As it was seen; undefined: it has ended. Who polls passes rows over that another process holds, which may have
 * been frozen: it comes back to them, and meanwhile sees to the others.
 */
const writeDown = async (
  client: Pick<SubscriptionClient, 'query'>,
  seen: ReadonlyMap<string, Attended | undefined>,
  whoWaits: 'waits' | 'passes',
): Promise<void> => {
  for (const [id, attended] of [...seen].toSorted(([one], [other]) => (one < other ? -1 : 1))) {
    if (attended) await updateAttended(client, attended, whoWaits);
    else await forgetAttended(client, [id], whoWaits);
  }
};

const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);
