import { setTimeout as sleep } from 'node:timers/promises';

import type { Command } from '#kernel/command.js';
import { diskFull } from '#kernel/disk-full.js';
import type { DomainEvent, EventMetadata } from '#kernel/event.js';
import { eventIdOf, keyIdOf } from '#kernel/ids.js';
import { Refusal } from '#kernel/refusal.js';

import { accessDenied } from './access-denied.js';
import { commandHash } from './command-hash.js';
import {
  AppendTooLarge,
  type EventLog,
  LogAccessDenied,
  LogDiskFull,
  LogUnavailable,
  type NewEvent,
  OutcomeUnknown,
  type Position,
  StreamGone,
  WrongExpectedRevision,
} from './event-log.js';
import type { ClaimedKey } from './key/claim-key.js';
import { expectedOf, type Folded, type States } from './states.js';

/** How often a command is decided again after another writer was first. */
const maxLostRaces = 3;

export interface HandleOptions {
  /** The revision that the caller saw (`If-Match`); anything else is refused as stale. */
  readonly ifMatch?: bigint;
  /** Keys claimed for this stream before: a claim that was forfeited since is refused as `KEY_FORFEITED`. */
  readonly claims?: readonly ClaimedKey[];
  /** The id was only just made, and nobody else can know it: the stream is not read before. */
  readonly isNew?: boolean;
}

export interface CommandResult<S = unknown, E extends DomainEvent = DomainEvent> {
  /** accepted: events were appended now. unchanged: already so. repeated: this command id was accepted before. */
  readonly outcome: 'accepted' | 'unchanged' | 'repeated';
  readonly revision: bigint;
  /** Of the last event; absent only where nothing was ever appended to the stream. */
  readonly position: Position | undefined;
  readonly events: readonly E[];
  readonly state: S;
}

/**
 * Carries out one command on one stream: load, decide, append with the expected revision.
 *
 * Decides on the cached state. Only an append proves that the cache was fresh, so whatever appends
 * nothing (a refusal, "already so", a repeated id) is answered after reading the stream to its end.
 *
 * Throws `Refusal`: the decider's own, `STALE_REVISION`, `IDEMPOTENCY_KEY_REUSED`, `KEY_FORFEITED`,
 * `STREAM_BUSY`, `CONCURRENT_CHANGE`, `OUTCOME_UNKNOWN`, `STORE_UNAVAILABLE`, `STORE_ACCESS_DENIED`, `STREAM_GONE`, `COMMAND_TOO_LARGE`.
 */
export const handleCommand = async <S, C extends Command, E extends DomainEvent>(
  log: EventLog,
  states: States<S, C, E>,
  id: string,
  command: C,
  options: HandleOptions = {},
): Promise<CommandResult<S, E>> => {
  try {
    return await states.queue.run(states.streamOf(id), () =>
      decideAndAppend(log, states, id, command, options),
    );
  } catch (error) {
    throw asRefusal(error);
  }
};

/**
 * Decides a command on the stream as it is now, and appends nothing: its result where it is settled
 * without an append, or the refusal. Undefined where it leads to events. For commands that claim keys:
 * a claim may fence another owner, so nothing is claimed for a command that is refused anyway.
 */
export const settledWithoutAppend = async <S, C extends Command, E extends DomainEvent>(
  states: States<S, C, E>,
  id: string,
  command: C,
  options: HandleOptions = {},
): Promise<CommandResult<S, E> | undefined> => {
  try {
    const folded = options.isNew ? states.assumeNew(id) : await states.refresh(id);
    const decision = decideOn(states, folded, command, commandHash(command), options);
    return decision.kind === 'append' ? undefined : settle(decision, folded);
  } catch (error) {
    throw asRefusal(error);
  }
};

const decideAndAppend = async <S, C extends Command, E extends DomainEvent>(
  log: EventLog,
  states: States<S, C, E>,
  id: string,
  command: C,
  options: HandleOptions,
): Promise<CommandResult<S, E>> => {
  const hash = commandHash(command);
  let folded = options.isNew ? states.assumeNew(id) : states.cached(id);
  let fresh = folded === undefined;
  folded ??= await states.refresh(id);

  for (let lostRaces = 0; ;) {
    const decision = decideOn(states, folded, command, hash, options);
    if (decision.kind !== 'append') {
      if (fresh) return settle(decision, folded);
      folded = await states.refresh(id);
      fresh = true;
      continue;
    }
    const events = envelopes(states.streamOf(id), command, hash, decision.events);
    try {
      const appended = await log.append(states.streamOf(id), events, expectedOf(folded));
      const stored = asStored(states.streamOf(id), events, folded.revision, appended.position);
      const next = states.fold(folded, stored);
      states.remember(id, next);
      return { outcome: 'accepted', ...appended, events: decision.events, state: next.state };
    } catch (error) {
      if (!(error instanceof WrongExpectedRevision)) throw error;
      if (lostRaces === maxLostRaces) throw concurrentChange();
      if (lostRaces > 0) await sleep(Math.random() * 5 * lostRaces);
      lostRaces += 1;
      folded = await states.refresh(id);
      fresh = true;
    }
  }
};

type Decision<E> =
  | { readonly kind: 'append'; readonly events: readonly E[] }
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'repeated'; readonly revision: bigint; readonly position: Position }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

const decideOn = <S, C extends Command, E extends DomainEvent>(
  states: States<S, C, E>,
  folded: Folded<S>,
  command: C,
  hash: string,
  { ifMatch, claims = [] }: HandleOptions,
): Decision<E> => {
  const first = folded.commands.get(command.meta.commandId);
  if (first) {
    return first.hash === hash
      ? { kind: 'repeated', revision: first.revision, position: first.position }
      : { kind: 'refused', refusal: keyReused() };
  }
  if (ifMatch !== undefined && ifMatch !== folded.revision) {
    return { kind: 'refused', refusal: staleRevision(ifMatch, folded.revision) };
  }
  const lost = claims.find((claim) => isForfeited(folded, claim));
  if (lost) return { kind: 'refused', refusal: forfeited(lost) };
  try {
    const events = states.decider.decide(command, folded.state);
    return events.length > 0 ? { kind: 'append', events } : { kind: 'unchanged' };
  } catch (error) {
    if (error instanceof Refusal) return { kind: 'refused', refusal: error };
    throw error;
  }
};

const isForfeited = (folded: Folded<unknown>, { kind, value, claim }: ClaimedKey): boolean => {
  const lost = folded.forfeited.get(keyIdOf(kind, value));
  return lost !== undefined && lost >= claim;
};

const settle = <S, E extends DomainEvent>(
  decision: Exclude<Decision<E>, { kind: 'append' }>,
  folded: Folded<S>,
): CommandResult<S, E> => {
  if (decision.kind === 'refused') throw decision.refusal;
  const { revision, position } = decision.kind === 'repeated' ? decision : folded;
  return { outcome: decision.kind, revision, position, events: [], state: folded.state };
};

const envelopes = (
  stream: string,
  { meta }: Command,
  hash: string,
  events: readonly DomainEvent[],
): NewEvent[] => {
  const metadata: EventMetadata = {
    $correlationId: meta.correlationId,
    $causationId: meta.causationId ?? meta.commandId,
    commandId: meta.commandId,
    commandHash: hash,
    actor: meta.actor,
    source: meta.source,
    occurredAt: meta.occurredAt,
    recordedAt: new Date().toISOString(),
    ...(meta.traceparent !== undefined && { traceparent: meta.traceparent }),
    ...(meta.reason !== undefined && { reason: meta.reason }),
    ...(meta.evidence !== undefined && { evidence: meta.evidence }),
  };
  return events.map((event, index) => ({
    type: event.type,
    data: event.data,
    id: eventIdOf(meta.commandId, hash, stream, index),
    metadata,
  }));
};

const asStored = (
  stream: string,
  events: readonly NewEvent[],
  before: bigint,
  position: Position,
) =>
  events.map((event, index) => ({
    ...event,
    data: event.data as Readonly<Record<string, unknown>>,
    stream,
    revision: before + 1n + BigInt(index),
    position,
    created: new Date(event.metadata.recordedAt),
  }));

const keyReused = () =>
  new Refusal(
    'IDEMPOTENCY_KEY_REUSED',
    'unprocessable',
    'this idempotency key was used before for a command with another content',
  );

export const staleRevision = (ifMatch: bigint, current: bigint) =>
  new Refusal(
    'STALE_REVISION',
    'stale',
    `If-Match names revision ${String(ifMatch)}, but the resource is at ${String(current)}`,
    { currentRevision: String(current) },
  );

const forfeited = ({ kind, value }: ClaimedKey) =>
  new Refusal(
    'KEY_FORFEITED',
    'conflict',
    `the claim on ${kind} "${value}" was taken over before it was used; try again`,
  );

export const concurrentChange = () =>
  new Refusal(
    'CONCURRENT_CHANGE',
    'conflict',
    'the resource kept changing while the command was decided; try again',
  );

const asRefusal = (error: unknown): unknown => {
  if (error instanceof OutcomeUnknown) {
    return new Refusal(
      'OUTCOME_UNKNOWN',
      'unavailable',
      'the event store did not confirm the change; retry with the same key',
      { retryAfterSeconds: 1 },
      { cause: error },
    );
  }
  if (error instanceof LogDiskFull) return diskFull('changes are refused', error);
  if (error instanceof LogAccessDenied) return accessDenied(error);
  if (error instanceof LogUnavailable) {
    return new Refusal(
      'STORE_UNAVAILABLE',
      'unavailable',
      'the event store does not answer',
      { retryAfterSeconds: 1 },
      { cause: error },
    );
  }
  if (error instanceof AppendTooLarge) {
    return new Refusal('COMMAND_TOO_LARGE', 'too-large', error.message, {}, { cause: error });
  }
  if (error instanceof StreamGone) {
    return new Refusal(
      'STREAM_GONE',
      'not-found',
      'this was deleted for good',
      {},
      { cause: error },
    );
  }
  return error;
};
