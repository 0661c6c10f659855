import type { Position } from '#event-log/event-log.js';
import { timeOfDay } from '#kernel/wall-clock.js';

/**
 * starting: asks Kafka where it stands. standby: another relay works. waiting: something fails and is
 * tried again. stopped: Kafka lost what was written; an operator decides.
 */
export const relayStates = [
  'starting',
  'working',
  'standby',
  'paused',
  'waiting',
  'stopped',
] as const;
export type RelayStateName = (typeof relayStates)[number];

/** What the relay says of itself: for its status row, its readiness and its metrics. */
export class RelayReport {
  state: RelayStateName = 'starting';
  since = new Date();
  /** Why it waits or is stopped. */
  reason: string | null = null;
  /** Through which event everything is on Kafka; undefined: nothing is, or it is not known. */
  position: Position | undefined;
  /** Set by the one in charge when it has asked Kafka. */
  isPositionKnown = false;
  /** When the store wrote that event. */
  eventCreated: Date | undefined;
  /** Since the process began. */
  published = 0;
  transactions = 0;
  publishedAt: Date | undefined;
  /** When it last knew that nothing was left to publish. */
  caughtUpAt: Date | undefined;
  /** When it last did, or knew that there was nothing to do, by `performance.now()`. */
  private progressed: number | undefined;
  /** Whether it works, or would if it could: not while another relay does. */
  isInCharge = false;

  /** Another relay works: where it stands is its to say. */
  leave(): void {
    this.isInCharge = this.isPositionKnown = false;
    this.position = this.eventCreated = undefined;
    this.turn('standby');
  }

  /** What Kafka says of what was committed before. */
  found(position: Position | undefined): void {
    this.position = position;
    this.isPositionKnown = true;
  }

  turn(state: RelayStateName, reason: string | null = null): void {
    if (state !== this.state) this.since = new Date();
    this.state = state;
    this.reason = reason;
    if (state === 'standby' || state === 'paused') this.moved();
  }

  committed(position: Position, created: Date | undefined, records: number): void {
    this.position = position;
    this.eventCreated = created ?? this.eventCreated;
    this.published += records;
    this.transactions += 1;
    this.moved();
    if (records > 0) this.publishedAt = new Date();
  }

  caughtUp(): void {
    this.caughtUpAt = new Date();
    this.moved();
  }

  /** It did something, or knew that there was nothing to do. */
  moved(): void {
    this.progressed = performance.now();
  }

  get progressAt(): Date | undefined {
    return this.progressed === undefined ? undefined : timeOfDay(this.progressed);
  }
}
