import type { Position } from '#event-log/event-log.js';
import { formatPosition } from '#event-log/position.js';
import { Refusal } from '#kernel/refusal.js';
import type { ReadStore } from '#read-store/read-store.js';
import { type ProjectionVersion, schemaOf } from '#read-store/schema-names.js';
import { isStoreFault } from '#read-store/store-errors.js';

import { sayWaiting } from '../awaited.js';
import { perStore } from '../per-store.js';
import { assertBuilt } from './assert-built.js';
import { fromBuilds } from './builds.js';

/** How often the checkpoints are polled while somebody waits. */
const pollMs = 10;
const defaultTimeoutMs = 2_000;

interface Waiting {
  /** The follower heard of it. */
  said?: boolean;
  readonly projection: ProjectionVersion;
  readonly commit: bigint;
  readonly resolve: (visible: boolean) => void;
}

/** All waiting requests of this process, polled with one statement at a time. */
class Waiters {
  private readonly waiting = new Set<Waiting>();
  private polling = false;

  constructor(private readonly store: ReadStore) {}

  wait(projection: ProjectionVersion, commit: bigint, timeoutMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const waiter: Waiting = {
        projection,
        commit,
        resolve: (visible) => {
          clearTimeout(timer);
          this.waiting.delete(waiter);
          resolve(visible);
        },
      };
      const timer = setTimeout(() => {
        waiter.resolve(false);
      }, timeoutMs);
      this.waiting.add(waiter);
      if (!this.polling) void this.poll();
    });
  }

  private async poll(): Promise<void> {
    this.polling = true;
    while (this.waiting.size > 0) {
      const reached = await this.reached().catch((error: unknown) => {
        if (!isStoreFault(error))
          this.store.logger.error({ err: error }, 'no checkpoint to be had');
        return new Map<string, bigint>();
      });
      for (const waiter of [...this.waiting]) {
        const commit = reached.get(schemaOf(waiter.projection));
        if (commit !== undefined && commit >= waiter.commit) waiter.resolve(true);
      }
      await this.say().catch(() => undefined);
      if (this.waiting.size > 0) await new Promise((resolve) => setTimeout(resolve, pollMs));
    }
    this.polling = false;
  }

  /** Once for each: who follows takes it now, and not at its pace. */
  private async say(): Promise<void> {
    const unsaid = [...this.waiting].filter(({ said }) => !said);
    if (unsaid.length === 0) return;
    for (const waiter of unsaid) waiter.said = true;
    const wanted = unsaid.map(({ projection, commit }) => ({
      ...{ subscription: projection.name, commit },
    }));
    await sayWaiting(this.store, wanted);
  }

  private async reached(): Promise<Map<string, bigint>> {
    const names = [...new Set([...this.waiting].map(({ projection }) => projection.name))];
    const { rows } = await this.store.pool.query<
      ProjectionVersion & { commit_position: string | null }
    >(
      `select b.projection as name, b.version, c.commit_position
         ${fromBuilds} where b.projection = any($1) and b.active`,
      [names],
    );
    return new Map(
      rows.flatMap(({ commit_position: commit, ...projection }) =>
        commit === null ? [] : [[schemaOf(projection), BigInt(commit)]],
      ),
    );
  }
}

const waitersOf = perStore((store) => new Waiters(store));

/**
 * Resolves when what queries of this version of the projection read holds everything up to `position`, such as the one
 * that a command answered with.
 *
 * Throws a `Refusal` (`NOT_YET_VISIBLE`, unavailable) when that takes longer than `timeoutMs`, two
 * seconds unless given.
 */
export const waitForPosition = async (
  store: ReadStore,
  projection: ProjectionVersion,
  position: Position,
  { timeoutMs = defaultTimeoutMs }: { readonly timeoutMs?: number } = {},
): Promise<void> => {
  if (await waitersOf(store).wait(projection, position.commit, timeoutMs)) return;
  throw new Refusal(
    'NOT_YET_VISIBLE',
    'unavailable',
    `position ${formatPosition(position)} has not reached ${projection.name} yet; try again`,
    { retryAfterSeconds: 1 },
  );
};

/**
 * Resolves when queries of this version of the projection can be answered, and where `position` is
 * given, with everything up to there. Throws a `Refusal` (unavailable): `PROJECTION_BUILDING`, `NOT_YET_VISIBLE`.
 */
export const requireVisible = async (
  store: ReadStore,
  projection: ProjectionVersion,
  position: Position | undefined,
): Promise<void> => {
  await assertBuilt(store, projection);
  if (position) await waitForPosition(store, projection, position);
};
