import type { ApiClient } from './client.js';
import { segment } from './context.js';
import { lookUntil } from './look-until.js';

export interface Consumer {
  readonly name: string;
  readonly transport: string;
  readonly state: string;
  readonly reason: string | null;
  readonly notedAt: string;
  readonly lagSeconds: number | null;
  readonly pending: number | null;
  readonly deadLetters: number;
  readonly control: {
    readonly revision: string;
    readonly outcome: string;
    readonly at: string;
  } | null;
  readonly partitions: readonly {
    readonly topic: string;
    readonly partition: number;
    readonly nextOffset: string;
    readonly endOffset: string | null;
    readonly position: string | null;
    readonly lagSeconds: number | null;
    readonly done: number;
    readonly skipped: number;
    readonly dead: number;
  }[];
}

/** What was asked of a consumer is recorded under this revision. */
export interface Requested {
  readonly id: string;
  readonly revision: number;
}

export function consumerNamed(api: ApiClient, name: string): Promise<Consumer> {
  return api.get<Consumer>(`/v1/fanout/consumers/${segment(name)}`);
}

/** So long a consumer that is down is waited for: it may be about to start. */
const downMs = 5_000;

/** How the consumer stands when it has carried out what was asked; undefined when it has not in time. */
export async function carriedOut(
  api: ApiClient,
  { id, revision }: Requested,
): Promise<Consumer | undefined> {
  const isDone = ({ control }: Consumer) =>
    control !== null && Number(control.revision) >= revision;
  const consumer = await lookUntil(
    () => consumerNamed(api, id),
    (seen, waitedMs) => isDone(seen) || (seen.state === 'down' && waitedMs > downMs),
  );
  return isDone(consumer) ? consumer : undefined;
}

/** For people, when what was asked of it is not carried out yet. */
export function notYet({
  name,
  state,
  reason,
}: Pick<Consumer, 'name' | 'state' | 'reason'>): string {
  return state === 'down' || state === 'absent'
    ? `${name} is not running: it does so when it starts.`
    : `${name} is ${state}${reason === null ? '' : ` (${reason})`} and has not done so yet.`;
}
