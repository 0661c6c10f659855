import { setTimeout as sleep } from 'node:timers/promises';

import type { Command } from 'commander';

import type { ApiClient } from './client.js';
import { contextOf, segment } from './context.js';
import { CommandFailure, exitCodes } from './exit-codes.js';
import { printJson, write } from './output.js';

export interface Build {
  readonly build: number;
  readonly version: number;
  readonly state: string;
  readonly events: number;
  readonly percent: number | null;
  readonly parked: number;
  readonly error: string | null;
}

export interface Subscription {
  readonly name: string;
  readonly kind: string;
  readonly source: string;
  readonly state: string;
  readonly reason: string | null;
  readonly notedAt: string | null;
  readonly lagSeconds: number | null;
  readonly pending: number | null;
  readonly parked: number;
  readonly control: {
    readonly revision: string;
    readonly outcome: string;
    readonly at: string;
  } | null;
  readonly partitions: readonly {
    readonly scope: string;
    readonly partition: number;
    readonly state: string;
    readonly nextOffset: string;
    readonly endOffset: string | null;
    readonly position: string | null;
    readonly lagSeconds: number | null;
    readonly done: number;
    readonly skipped: number;
  }[];
  readonly projection: {
    readonly version: number | null;
    readonly builtVersion: number | null;
    readonly events: number;
    readonly build: Build | null;
    readonly others: readonly Build[];
  } | null;
}

export function subscriptionNamed(api: ApiClient, name: string): Promise<Subscription> {
  return api.get<Subscription>(`/v1/subscriptions/${segment(name)}`);
}

const pollMs = 250;
const maxWaitMs = 30_000;
/** So long a subscription that is down is waited for: it may be about to start. */
const downMs = 5_000;

/** What is seen when `isEnough` says so, or after 30 seconds. */
export async function pollUntil<T>(
  poll: () => Promise<T>,
  isEnough: (seen: T, waitedMs: number) => boolean,
): Promise<T> {
  const startedAt = performance.now();
  for (;;) {
    const seen = await poll();
    const waitedMs = performance.now() - startedAt;
    if (isEnough(seen, waitedMs) || waitedMs > maxWaitMs) return seen;
    await sleep(pollMs);
  }
}

export interface Request {
  readonly path: string;
  readonly body: object;
  readonly wait: boolean;
  /** An outcome that does not match is a failure. */
  readonly success: RegExp;
  /** Before the request, so that the outcome of an earlier one is not taken for its own. */
  readonly before?: Subscription;
}

export interface Answer {
  readonly requested: { readonly id: string; readonly revision: number };
  readonly subscription: Subscription;
  /** Null: it was not carried out yet, or is not waited for. */
  readonly outcome: string | null;
}

/** Asks the process of a subscription for something, and waits until it was carried out. */
export async function ask(
  command: Command,
  { path, body, wait, success, before }: Request,
): Promise<Answer> {
  const { api, json } = contextOf(command);
  const requested = await api.post<Answer['requested']>(path, body);
  const isDone = ({ control }: Subscription): boolean =>
    control !== null &&
    Number(control.revision) >= requested.revision &&
    control.at !== before?.control?.at;
  const subscription = await pollUntil(
    () => subscriptionNamed(api, requested.id),
    (seen, waitedMs) => !wait || isDone(seen) || (seen.state === 'down' && waitedMs > downMs),
  );
  const outcome = wait && isDone(subscription) ? (subscription.control?.outcome ?? null) : null;
  if (outcome !== null && !success.test(outcome)) {
    if (json) await printJson({ ...requested, outcome });
    throw new CommandFailure(`${requested.id}: ${outcome}.`, exitCodes.failed);
  }
  return { requested, subscription, outcome };
}

/** Prints the outcome, or that the request has not been carried out yet. */
export async function printAnswer(command: Command, answer: Answer): Promise<void> {
  const { requested, subscription, outcome } = answer;
  if (contextOf(command).json) return printJson({ ...requested, outcome });
  await write(
    outcome === null
      ? `That is recorded. ${notYet(subscription)}\n`
      : `${requested.id}: ${outcome}.\n`,
  );
}

/** For people, when what was asked of it is not carried out yet. */
export function notYet({
  name,
  state,
  reason,
}: Pick<Subscription, 'name' | 'state' | 'reason'>): string {
  return state === 'down' || state === 'absent'
    ? `${name} is not running: it does so when it starts.`
    : `${name} is ${state}${reason === null ? '' : ` (${reason})`} and has not done so yet.`;
}
