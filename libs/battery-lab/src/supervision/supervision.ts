import { pause } from '#event-log/pause.js';
import type { Batch, Consumer, KnownConsumer } from '#fanout/consumer.js';
import type { ReadStore, StoreLogger } from '#read-store/read-store.js';
import type { SubscriptionClient } from '#subscription/follower.js';

import { experimentStream } from '../experiment/events.js';
import { hasEnded, isExecuted } from '../experiment/state.js';
import type { CyclerSamplesRecorded } from '../samples/events.js';
import { Leases } from '../unit-link/leases.js';
import { type Attended, keepAttended, noteHeard, readAttended } from './attended.js';
import { RecordWatch } from './record-watch.js';
import { type Supervisor, supervisorName } from './supervisor.js';

const topics = {
  experiments: 'voltrace.battery-lab.v1',
  samples: 'voltrace.battery-lab.samples.v1',
} as const;

/** As operators see it. A reset has it look at every experiment again, which changes none. */
export const supervisionConsumer: KnownConsumer = {
  ...{ name: supervisorName, topics: Object.values(topics) },
  ...{ forgets: null, startOnly: null },
};

const pollMs = 200;
/** Where nothing is attended: what comes is told of by its facts, and the first thing to wait for takes longer. */
const idleMs = 1_000;
/** Experiments that are looked at side by side. */
const parallel = 8;

export interface SupervisionOptions {
  /** Without records for so many seconds a running experiment is ended. */
  readonly silentS: number;
  /** For how many seconds each lease of a unit lasts. */
  readonly leaseS: number;
  /** Whether the facts that it supervises by come in; nothing is promised to units else. */
  readonly isFollowing: () => boolean;
}

/**
 * Supervises running experiments: by what is published of them, by their records, and by time. Stopping it changes
 * nothing that a unit does until the leases end; then units make safe by themselves.
 */
export class Supervision {
  private readonly leases;
  private readonly watches = new Map<string, RecordWatch>();
  private readonly stopping = new AbortController();
  private polling: Promise<void> | undefined;
  private startedAt = Infinity;
  private failure: string | undefined;

  constructor(
    private readonly supervisor: Supervisor,
    private readonly store: ReadStore,
    private readonly logger: StoreLogger,
    private readonly options: SupervisionOptions,
  ) {
    this.leases = new Leases(store.pool);
  }

  /** Why it cannot poll; undefined while it can. */
  get problem(): string | undefined {
    return this.failure;
  }

  readonly consumer: Consumer = {
    ...supervisionConsumer,
    handle: async (batch, client) => {
      if (batch.topic === topics.samples) await this.watch(batch, client);
      else await this.follow(batch, client);
    },
  };

  start(): void {
    this.startedAt = performance.now();
    this.polling = this.poll();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.polling;
  }

  private async follow({ facts }: Batch, client: SubscriptionClient): Promise<void> {
    const prefix = experimentStream('');
    const ids = new Set(
      facts.flatMap(({ stream }) =>
        stream.startsWith(prefix) ? [stream.slice(prefix.length)] : [],
      ),
    );
    await this.attend([...ids], client);
  }

  /** Looks at each and writes down when to look again. */
  private async attend(
    ids: readonly string[],
    client: Pick<SubscriptionClient, 'query'>,
  ): Promise<void> {
    const attended: Attended[] = [];
    const ended: string[] = [];
    const known = new Set(ids);
    const waiting = [...known];
    while (waiting.length > 0) {
      await Promise.all(
        waiting.splice(0, parallel).map(async (experimentId) => {
          await this.grantTo(experimentId);
          const { state, dueAt, next } = await this.supervisor.attend(experimentId);
          if (next !== undefined && !known.has(next)) waiting.push(next);
          if (next !== undefined) known.add(next);
          if (!isExecuted(state) || hasEnded(state)) {
            ended.push(experimentId);
            this.watches.delete(experimentId);
            return;
          }
          const { assigned, request } = state;
          const calibratedUntil = assigned?.calibratedUntil ?? null;
          const isRunning = state.status === 'running';
          attended.push({
            experimentId,
            unitId: request.unitId,
            isRunning,
            calibratedUntil,
            dueAt,
          });
        }),
      );
    }
    const order = (one: Attended, other: Attended) =>
      one.experimentId < other.experimentId ? -1 : 1;
    await keepAttended(client, attended.toSorted(order), ended);
  }

  /** Before the unit is told to start: it refuses to without a lease. */
  private async grantTo(experimentId: string): Promise<void> {
    const { state } = await this.supervisor.experiments.refresh(experimentId);
    if (!isExecuted(state) || state.status === 'queued' || hasEnded(state)) return;
    await this.leases.grant([state.request.unitId], this.options.leaseS);
  }

  private async watch({ facts }: Batch, client: SubscriptionClient): Promise<void> {
    const heard = new Set<string>();
    for (const { id, data } of facts) {
      const records = data as unknown as CyclerSamplesRecorded;
      const { experimentId } = records;
      heard.add(experimentId);
      const watch = await this.watchOf(experimentId);
      const breach = watch?.take(records);
      if (!breach) continue;
      const { interlock, message } = breach;
      const hasTripped = await this.supervisor.trip(experimentId, interlock, message, id);
      if (!hasTripped) continue;
      this.logger.warn(
        { experimentId, interlock, message },
        'an experiment is ended by its limits',
      );
      await this.supervisor.attend(experimentId);
    }
    await noteHeard(client, [...heard]);
  }

  private async watchOf(experimentId: string): Promise<RecordWatch | undefined> {
    const known = this.watches.get(experimentId);
    if (known) return known;
    // The records of an import come by the thousand.
    if (this.supervisor.experiments.cached(experimentId)?.state.status === 'imported') {
      return undefined;
    }
    const { state } = await this.supervisor.experiments.refresh(experimentId);
    if (!isExecuted(state) || hasEnded(state)) return undefined;
    const watch = new RecordWatch(state.request.limits);
    this.watches.set(experimentId, watch);
    return watch;
  }

  private async poll(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      let isIdle = false;
      try {
        isIdle = (await this.lookAtAll()) === 0;
        this.failure = undefined;
      } catch (error) {
        this.failure = error instanceof Error ? error.message : String(error);
        this.logger.warn({ err: error }, 'experiments cannot be looked at now');
      }
      await pause(isIdle ? idleMs : pollMs, signal);
    }
  }

  /** Resolves with how many there are. */
  private async lookAtAll(): Promise<number> {
    const { silentS, leaseS, isFollowing } = this.options;
    const all = await readAttended(this.store.pool, silentS);
    if (isFollowing()) {
      const units = new Set(all.filter(({ isRunning }) => isRunning).map(({ unitId }) => unitId));
      await this.leases.grant([...units].toSorted(), leaseS);
    }
    const due = all.filter(({ isDue }) => isDue).map(({ experimentId }) => experimentId);
    if (due.length > 0) await this.attend(due, this.store.pool);
    // What came while nobody supervised is read first.
    const isNew = performance.now() - this.startedAt < silentS * 1_000;
    for (const { experimentId, isSilent, isOutOfCalibration } of all) {
      if (isOutOfCalibration) {
        await this.end(experimentId, 'calibration', 'the calibration of a device is out of date');
      } else if (isSilent && !isNew && isFollowing()) {
        const message = `no records came for ${String(silentS)} s`;
        await this.end(experimentId, 'communication', message);
      }
    }
    return all.length;
  }

  private async end(experimentId: string, interlock: string, message: string): Promise<void> {
    const { revision } = await this.supervisor.experiments.refresh(experimentId);
    const key = `${interlock} ${String(revision)}`;
    if (await this.supervisor.trip(experimentId, interlock, message, key)) {
      this.logger.warn({ experimentId, interlock, message }, 'an experiment is ended');
    }
    await this.attend([experimentId], this.store.pool);
  }
}
