import type { PoolClient } from 'pg';

import { LogUnavailable, type Position, type StoredEvent } from '#event-log/event-log.js';
import { isStoreFault } from '#read-store/store-errors.js';

import type { ControlEvent } from './control/events.js';
import type { CatchUp, Partition, Scope, StoredRecord } from './source.js';

/** The client of the transaction that also moves the checkpoint. */
export type SubscriptionClient = Pick<PoolClient, 'query'>;

export type Kind = 'projection' | 'consumer' | 'process';

/**
 * Whatever follows the log, as the engine sees it. A projection, a consumer and a process each become
 * one; what differs between them is here.
 *
 * `T` is an event as this follower reads it.
 */
export interface Follower<T> {
  readonly kind: Kind;
  /** kebab-case and permanent: the name of its checkpoints, of its control stream, and its Kafka group. */
  readonly name: string;
  /** Of a projection; 0 for the others. */
  readonly version: number;
  /** What an operator does where the log was replaced and the new one is right. */
  readonly cure: string;
  /** `global`: an event that cannot be handled stops it. `key` (the default): the event is parked. */
  readonly order?: 'key' | 'global';
  /** Where nothing has to be handled, checkpoints are moved this seldom, in milliseconds. Default 0: at once. */
  readonly lazyMs?: number;
  /**
   * Small steps share a transaction with those of other followers of the process. What it keeps in memory must not
   * be ahead after a rollback, so that this is for followers that keep nothing.
   */
  readonly shares?: boolean;
  /** Makes what is missing, and tells what has to be followed now. */
  scopes(): Promise<readonly Scope[]>;
  /**
   * A stored event in its newest shape; undefined for one that it passes over. Throws `UnknownEventType`
   * for one that this version does not know: it is never passed over.
   */
  read(event: StoredEvent, scope: string): T | undefined;
  /** What a parked record holds; only for those that came from Kafka. Throws where it is undecodable. */
  decode?(record: StoredRecord): T;
  /**
   * Called after a checkpoint was opened, and again after each failure: what the follower keeps in
   * memory has to be as of that checkpoint.
   */
  opened?(scope: string): Promise<void>;
  /**
   * What has to happen outside, before the transaction: it may happen again after a crash, so that
   * commands carry ids derived from the event.
   */
  act?(events: readonly T[], signal: AbortSignal): Promise<void>;
  /** What it writes with `client` is committed together with the checkpoint. */
  handle(events: readonly T[], client: SubscriptionClient, partition: Partition): Promise<void>;
  /** SQL that is sent along with `begin`. */
  setUp?(scope: Scope): string;
  /** Called at the end of the log, for each scope that is `building`. */
  level?(scope: Scope, catchUp: CatchUp): Promise<void>;
  /**
   * Undoes what was made of events after `after` (undefined: of all), because they will be delivered
   * again. Throws a `Refusal` where it cannot. Absent: a reset needs nothing undone.
   */
  forget?(after: Position | undefined, client: SubscriptionClient): Promise<void>;
  /** The scopes of this version, whatever their state. Absent: all of the subscription. */
  scopeNames?(): Promise<readonly string[]>;
  /** What a scope is when it is not paused; its checkpoint is locked. Absent: always `running`. */
  stateOf?(scope: string, client: SubscriptionClient): Promise<Scope['state']>;
  /** Has a scope followed again that was stopped by an event. */
  resume?(scope: string, client: SubscriptionClient): Promise<void>;
  /** Carries out what only this kind knows; undefined for what the engine does. See `carryOut`. */
  control?(event: ControlEvent, client: PoolClient): Promise<string | undefined>;
  /** Whether `error` passes by itself and is not the event's fault. Default: `isTransient`. */
  isTransient?(error: unknown): boolean;
}

/** The store's fault and the log's are waited for, however long they take. */
export const isTransient = (error: unknown): boolean =>
  isStoreFault(error) || error instanceof LogUnavailable;

/** Whether `error` passes by itself, as far as the follower knows better than the engine. */
export const isTransientFor = (
  follower: Pick<Follower<never>, 'isTransient'>,
  error: unknown,
): boolean => follower.isTransient?.(error) ?? isTransient(error);
