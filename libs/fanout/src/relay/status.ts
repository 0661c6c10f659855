import type { Position } from '#event-log/event-log.js';
import { ageMs, timeOfDay } from '#kernel/wall-clock.js';
import type { CheckResult } from '#observability/health.js';

import type { Batch } from './batches.js';

/**
 * starting: reads its position from Kafka. standby: another relay works. waiting: something fails and is
 * retried. stopped: Kafka lost what was written, or the log is another one; an operator decides.
 */
export const relayStates = [
  'starting',
  'working',
  'standby',
  'paused',
  'waiting',
  'stopped',
] as const;

/** A relay that works commits, or knows that there is nothing to publish, at least so often. */
const maxSilenceMs = 45_000;

const now = (): Date => timeOfDay(performance.now());

/** The state of the relay of this process: for its status row, its readiness and its metrics. */
export class RelayStatus {
  state: (typeof relayStates)[number] = 'starting';
  since = now();
  /** Why it waits or is stopped. */
  reason: string | null = null;
  /** Through which event everything is on Kafka; undefined: nothing is, or it is not known. */
  position: Position | undefined;
  /** Set by the one in charge when it has read its position from Kafka. */
  isPositionKnown = false;
  /** When the store wrote that event. */
  eventCreated: Date | undefined;
  /** Since the process began. */
  published = 0;
  transactions = 0;
  publishedAt: Date | undefined;
  /** When it last knew that nothing was left to publish. */
  caughtUpAt: Date | undefined;
  /** When it last did something, or knew that there was nothing to do, by `performance.now()`. */
  progressedAt: number | undefined;
  /** Whether it works, or would if it could: not while another relay does. */
  isInCharge = false;

  /** Another relay works, and its position is the one that counts. */
  standBy(): void {
    this.isInCharge = this.isPositionKnown = false;
    this.position = this.eventCreated = undefined;
    this.set('standby');
  }

  /** What was committed before, as the position topic has it. */
  positionRead(position: Position | undefined): void {
    this.position = position;
    this.isPositionKnown = true;
  }

  set(state: RelayStatus['state'], reason: string | null = null): void {
    if (state !== this.state) this.since = now();
    this.state = state;
    this.reason = reason;
    if (state === 'standby' || state === 'paused' || state === 'working') this.progress();
  }

  committed({ through, created, records }: Batch): void {
    this.position = through;
    this.eventCreated = created;
    this.published += records;
    this.transactions += 1;
    if (records > 0) this.publishedAt = now();
  }

  caughtUp(): void {
    this.caughtUpAt = now();
  }

  private progress(): void {
    this.progressedAt = performance.now();
  }

  /** Up while it works and makes progress, or rightly does nothing: another relay works, or an operator paused it. */
  health(): CheckResult {
    const { state, since, reason, progressedAt } = this;
    const at = progressedAt === undefined ? undefined : timeOfDay(progressedAt);
    const isUp = ['standby', 'paused', 'working'].includes(state);
    return {
      status: isUp && at !== undefined && ageMs(at) <= maxSilenceMs ? 'up' : 'down',
      state,
      since: since.toISOString(),
      reason,
      lastProgressAt: at?.toISOString() ?? null,
    };
  }
}
