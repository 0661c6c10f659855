import type { ReadStore } from '#read-store/read-store.js';

/** What readers say when they wait. */
export const waitingChannel = 'voltrace_waiting';

/** No reader waits for longer. */
const patienceMs = 2_000;

/** That somebody waits for a subscription to reach a commit position. */
export interface Wanted {
  readonly subscription: string;
  readonly commit: bigint;
}

/** Wakes who follows: without it the reader would wait for the pace of the follower. */
export const sayWaiting = async ({ pool }: ReadStore, wanted: readonly Wanted[]): Promise<void> => {
  await pool.query('select pg_notify($1, said) from unnest($2::text[]) as said', [
    waitingChannel,
    wanted.map(({ subscription, commit }) => `${subscription} ${String(commit)}`),
  ]);
};

/** Undefined for what is none of ours: any session may notify. */
export const parseWanted = (payload: string): Wanted | undefined => {
  const [, subscription, commit] = /^([a-z0-9-]{1,40}) (\d{1,20})$/.exec(payload) ?? [];
  if (subscription === undefined || commit === undefined) return undefined;
  return { subscription, commit: BigInt(commit) };
};

/** How far somebody waits for a subscription. A position that never comes is forgotten with its reader. */
export class Awaited {
  private commit = -1n;
  private until = -Infinity;

  hear(commit: bigint): void {
    const now = performance.now();
    if (now >= this.until || commit > this.commit) this.commit = commit;
    this.until = now + patienceMs;
  }

  /** Whether somebody waits for what lies behind `offset`. */
  behind(offset: bigint): boolean {
    return offset < this.commit && performance.now() < this.until;
  }
}
