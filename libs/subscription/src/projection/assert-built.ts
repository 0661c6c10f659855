import { setTimeout as sleep } from 'node:timers/promises';

import { Refusal } from '#kernel/refusal.js';
import type { ReadStore } from '#read-store/read-store.js';
import type { ProjectionVersion } from '#read-store/schema-names.js';

import { type ProjectionStatus, projectionStatus } from './projection-status.js';

/** A positive answer holds for so long: builds are only ever replaced by complete ones. */
const knownMs = 1_000;
/** Tables that hold less than those of another version are read until they are so far behind. */
const maxBehindSeconds = 15;
const built = new WeakMap<ReadStore, Map<string, number>>();

/**
 * Resolves when the tables that this version of the code reads are there.
 *
 * Throws a `Refusal` (unavailable) with the progress until then: `PROJECTION_BUILDING`, and
 * `PROJECTION_OUTDATED` where the tables of another version hold more and these are more than 15 s
 * behind. So it is when no projector of this version runs any more, and until one that was started
 * again has caught up.
 */
export const assertBuilt = async (
  store: ReadStore,
  projection: ProjectionVersion,
): Promise<void> => {
  const known = built.get(store) ?? new Map<string, number>();
  built.set(store, known);
  const key = `${projection.name}/${String(projection.version)}`;
  if (performance.now() - (known.get(key) ?? -Infinity) < knownMs) return;
  const [status] = (await projectionStatus(store, [projection])).filter(
    ({ name }) => name === projection.name,
  );
  if (status?.builtVersion !== projection.version) throw notBuilt(projection, status);
  if (isOutdated(status)) throw outdated(projection, status);
  known.set(key, performance.now());
};

const isOutdated = ({ position, lagSeconds, others }: ProjectionStatus): boolean => {
  const held = BigInt(position ?? 0);
  const isBehind = others.some((other) => BigInt(other.position ?? 0) > held);
  return isBehind && (lagSeconds ?? 0) > maxBehindSeconds;
};

/** Resolves when queries are answered from all of them: true, or after `timeoutMs`: false. */
export const untilBuilt = async (
  store: ReadStore,
  projections: readonly ProjectionVersion[],
  timeoutMs: number,
): Promise<boolean> => {
  const end = performance.now() + timeoutMs;
  while (performance.now() < end) {
    const statuses = await projectionStatus(store, projections);
    const isBuilt = ({ name, version }: ProjectionVersion): boolean =>
      statuses.some((status) => status.name === name && status.builtVersion === version);
    if (projections.every(isBuilt)) return true;
    await sleep(20);
  }
  return false;
};

const outdated = (
  { name, version }: ProjectionVersion,
  { events, pending, position, lagSeconds, state }: ProjectionStatus,
): Refusal => {
  const all = events + (pending ?? 0);
  const percent = all > 0 ? Math.floor((events / all) * 1_000) / 10 : null;
  return new Refusal(
    'PROJECTION_OUTDATED',
    'unavailable',
    `version ${String(version)} of ${name} is ${String(lagSeconds)} s behind (${String(events)} of ${String(all)} events), while another version of Voltrace is ahead: a projector of this version brings it up`,
    { retryAfterSeconds: 5, progress: { percent, events, position, state } },
  );
};

const notBuilt = ({ name }: ProjectionVersion, status: ProjectionStatus | undefined): Refusal => {
  const build = status?.build;
  const percent = build?.percent ?? null;
  const progress = build
    ? `${String(build.events)} events so far${percent === null ? '' : `, ${String(percent)} %`}`
    : 'not started yet';
  return new Refusal(
    'PROJECTION_BUILDING',
    'unavailable',
    `${name} is being built (${progress}); try again`,
    {
      retryAfterSeconds: 2,
      progress: {
        percent,
        events: build?.events ?? 0,
        position: build?.position ?? null,
        state: build?.state ?? null,
      },
    },
  );
};
