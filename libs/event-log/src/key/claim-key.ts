import { setTimeout as sleep } from 'node:timers/promises';

import type { Command, CommandMeta } from '#kernel/command.js';
import type { Key } from '#kernel/decider.js';
import type { DomainEvent, EventMetadata } from '#kernel/event.js';
import { contentIdOf, eventIdOf, keyIdOf } from '#kernel/ids.js';
import { Refusal } from '#kernel/refusal.js';
import { ageMs } from '#kernel/wall-clock.js';

import {
  type EventLog,
  type ExpectedRevision,
  type NewEvent,
  type Position,
  WrongExpectedRevision,
} from '../event-log.js';
import { isAfter } from '../position.js';
import { expectedOf, type Folded, type States } from '../states.js';
import { keyForfeited, type KeyForfeitedData } from './forfeited.js';
import { graceOf, type Pace, timed } from './pace.js';

/** Stored literals. */
export const keyCategory = 'key';
export const keyClaimed = 'KeyClaimed';
export const keyStream = ({ kind, value }: Key): string => `${keyCategory}-${keyIdOf(kind, value)}`;

interface KeyClaimedData {
  readonly kind: string;
  readonly value: string;
  /** Id of the owner within its category. */
  readonly owner: string;
  readonly category: string;
}

/** A claim that stands as far as its claimer knows: `claim` is its revision in the key's stream. */
export interface ClaimedKey extends Key {
  readonly claim: bigint;
  readonly position: Position;
}

interface Claim {
  readonly owner: string;
  readonly category: string;
  readonly revision: bigint;
  readonly position: Position;
  /** When the store wrote it. */
  readonly created: Date;
}

/** Streams of a category, among them such as may hold a key. */
export interface KeyHolders {
  readonly decider: {
    readonly category: string;
    keys?(this: void, state: unknown, id: string): readonly Key[];
  };
  streamOf(id: string): string;
  refresh(id: string): Promise<Folded<unknown>>;
}

/** Attempts before a key that keeps changing hands is answered as a conflict. */
const maxAttempts = 5;

const graceStepMs = 25;

/** Somebody else's state holds the key. `owner` is its id. */
export class KeyTaken extends Refusal {
  constructor(
    readonly key: Key,
    readonly owner: string,
  ) {
    super('KEY_TAKEN', 'conflict', `${key.kind} "${key.value}" belongs to ${owner}`, { owner });
  }
}

/** Who claimed the key last, whether or not it ever used it. One read of one event. */
export const keyOwner = async (log: EventLog, key: Key): Promise<string | undefined> =>
  (await lastClaim(log, key))?.owner;

/** Who had claimed the key last at a position of the log. */
export const keyOwnerAt = async (
  log: EventLog,
  key: Key,
  position: Position,
): Promise<string | undefined> => {
  let owner: string | undefined;
  for await (const event of log.readStream(keyStream(key), {})) {
    if (!isAfter(event.position, position)) ({ owner } = event.data as unknown as KeyClaimedData);
  }
  return owner;
};

/**
 * Claims a key for `owner` before `owner`'s own stream says that it holds it.
 *
 * A claim whose owner's state does not hold the key (its process died, or is slow) is taken over:
 * first `KeyForfeited` is appended to the owner's stream at the revision that was read, which makes
 * the slow owner's append fail, and then the claim. No time-out releases anything, and a crash
 * between any two steps leaves a key that the next caller can take.
 *
 * Where streams of other categories may hold the key too, they are found in `others`.
 *
 * Throws `KeyTaken` where the key is held.
 */
export const claimKey = async <S, C extends Command, E extends DomainEvent>(
  log: EventLog,
  states: States<S, C, E>,
  key: Key,
  owner: string,
  meta: CommandMeta,
  others: readonly KeyHolders[] = [],
): Promise<ClaimedKey> => {
  const { category } = states.decider;
  const pace: Pace = { slowestMs: 0 };
  const first = await timed(pace, () => claimUnclaimed(log, states, key, owner, meta));
  if (first) return first;
  for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
    if (attempt > 0) await sleep(Math.random() * 10 * attempt);
    const current = await lastClaim(log, key);
    const isOwn = current?.owner === owner && current.category === category;
    if (isOwn) {
      const folded = states.cached(owner) ?? (await states.refresh(owner));
      const lost = folded.forfeited.get(keyIdOf(key.kind, key.value));
      if (lost === undefined || lost < current.revision) {
        return { ...key, claim: current.revision, position: current.position };
      }
    }
    try {
      if (current && !isOwn) {
        await forfeit(log, holdersOf(key, current, states, others), key, current, meta, pace);
      }
      return await appendClaim(log, key, owner, category, current, meta);
    } catch (error) {
      if (!(error instanceof WrongExpectedRevision)) throw error;
    }
  }
  throw new Refusal(
    'CONCURRENT_CHANGE',
    'conflict',
    `${key.kind} "${key.value}" kept changing hands; try again`,
  );
};

/**
 * Makes sure that nobody but `owner` comes to hold the key by a claim that was made before this call:
 * whoever claimed it and has not used it yet is fenced, as `claimKey` does, and the key is left unclaimed.
 *
 * Throws `KeyTaken` where the key is held.
 */
export const fenceClaim = async <S, C extends Command, E extends DomainEvent>(
  log: EventLog,
  states: States<S, C, E>,
  key: Key,
  owner: string,
  meta: CommandMeta,
): Promise<void> => {
  for (let attempt = 1; ; attempt += 1) {
    const current = await lastClaim(log, key);
    if (!current || current.owner === owner) return;
    try {
      await forfeit(log, states, key, current, meta, { slowestMs: 0 });
      return;
    } catch (error) {
      // The owner moved on meanwhile, perhaps by using the key.
      if (!(error instanceof WrongExpectedRevision) || attempt === maxAttempts) throw error;
    }
  }
};

/**
 * Most keys are new: an append that expects no stream tells so without a read. Undefined where
 * somebody claimed the key before.
 */
const claimUnclaimed = async <S, C extends Command, E extends DomainEvent>(
  log: EventLog,
  states: States<S, C, E>,
  key: Key,
  owner: string,
  meta: CommandMeta,
): Promise<ClaimedKey | undefined> => {
  try {
    const claim = await appendClaim(log, key, owner, states.decider.category, undefined, meta);
    // The same append made before is answered as done, even where the claim was lost since.
    const lost = states.cached(owner)?.forfeited.get(keyIdOf(key.kind, key.value));
    return lost === undefined || lost < claim.claim ? claim : undefined;
  } catch (error) {
    if (error instanceof WrongExpectedRevision) return undefined;
    throw error;
  }
};

const lastClaim = async (log: EventLog, key: Key): Promise<Claim | undefined> => {
  let last: Claim | undefined;
  // Read to its end, although one event is all: who leaves early resets the call on the wire.
  for await (const event of log.readStream(keyStream(key), { direction: 'backwards', limit: 1 })) {
    const { owner, category } = event.data as unknown as KeyClaimedData;
    const { revision, position, created } = event;
    last = { owner, category, revision, position, created };
  }
  return last;
};

const holdersOf = (
  key: Key,
  { category }: Claim,
  ...[own, others]: readonly [KeyHolders, readonly KeyHolders[]]
): KeyHolders => {
  const found = [own, ...others].find(({ decider }) => decider.category === category);
  if (!found) throw new Error(`nobody here knows who of ${category} holds a ${key.kind}`);
  return found;
};

/** Fences the owner of an unused claim, or throws `KeyTaken`. */
const forfeit = async (
  log: EventLog,
  states: KeyHolders,
  key: Key,
  current: Claim,
  meta: CommandMeta,
  pace: Pace,
): Promise<void> => {
  const folded = await ownerWithoutKey(states, key, current, pace);
  const lost = folded.forfeited.get(keyIdOf(key.kind, key.value));
  if (lost !== undefined && lost >= current.revision) return;
  const data: KeyForfeitedData = {
    kind: key.kind,
    value: key.value,
    claim: current.revision.toString(),
  };
  const stream = states.streamOf(current.owner);
  const event = envelope(stream, keyForfeited, data, meta, folded.revision);
  await log.append(stream, [event], expectedOf(folded));
};

/**
 * The owner's state, once a claim made just now has had a moment to be used: callers that want the same
 * key at once would otherwise take it from each other again and again. Throws `KeyTaken`.
 */
const ownerWithoutKey = async (
  states: KeyHolders,
  key: Key,
  { owner, created }: Claim,
  pace: Pace,
): Promise<Folded<unknown>> => {
  const began = performance.now();
  for (;;) {
    // Whichever is longer: clocks differ.
    const leftMs = Math.max(performance.now() - began, ageMs(created));
    const folded = await timed(pace, () => states.refresh(owner));
    const held = states.decider.keys?.(folded.state, owner) ?? [];
    if (held.some(({ kind, value }) => kind === key.kind && value === key.value)) {
      throw new KeyTaken(key, owner);
    }
    if (leftMs >= graceOf(pace)) return folded;
    await sleep(graceStepMs);
  }
};

const appendClaim = async (
  log: EventLog,
  key: Key,
  owner: string,
  category: string,
  current: Claim | undefined,
  meta: CommandMeta,
): Promise<ClaimedKey> => {
  const data: KeyClaimedData = { kind: key.kind, value: key.value, owner, category };
  const stream = keyStream(key);
  const expected: ExpectedRevision = current?.revision ?? 'no_stream';
  const event = envelope(stream, keyClaimed, data, meta, current?.revision ?? -1n);
  const { revision, position } = await log.append(stream, [event], expected);
  return { ...key, claim: revision, position };
};

/**
 * The id holds the revision that was read: the same command may claim the same key twice (lost, then
 * taken back), and those are two events. It holds the content too: the same command may claim the key
 * for another owner when it is repeated, and that is not the claim that was stored.
 */
const envelope = (
  stream: string,
  type: string,
  data: object,
  meta: CommandMeta,
  revision: bigint,
): NewEvent => {
  const content = JSON.stringify(data);
  const at = revision.toString();
  const commandId = contentIdOf('key-step', meta.commandId, type, stream, at, content);
  const metadata: EventMetadata = {
    $correlationId: meta.correlationId,
    $causationId: meta.commandId,
    commandId,
    commandHash: '',
    actor: meta.actor,
    source: meta.source,
    occurredAt: meta.occurredAt,
    recordedAt: new Date().toISOString(),
  };
  return { type, data, id: eventIdOf(commandId, '', stream, 0), metadata };
};
