import {
  type Build,
  createBuild,
  dropBuild,
  lockProjection,
  readBuilds,
  type Target,
} from './builds.js';
import type { Projection } from './projection.js';
import type { ReadStore } from './read-store.js';

/** The sources of a projection changed, but its version did not. */
export class VersionNotRaised extends Error {
  override readonly name = 'VersionNotRaised';
}

/** What a runner has to do for one projection. */
export interface Plan {
  readonly targets: readonly Target[];
  /** A later version of the code is at work: this one stands by. */
  readonly superseded: boolean;
}

/**
 * The builds that this version of the code applies events to. Makes a first build, or one of a new
 * version, and drops unfinished ones of older versions. An active build of an older version is left
 * to the processes that know its tables.
 *
 * Throws `VersionNotRaised`.
 */
export const planBuilds = async (
  store: ReadStore,
  projection: Projection,
  hash: string,
): Promise<Plan> => {
  const plan = planOf(projection, hash, await readBuilds(store.pool, projection.name));
  if (plan !== 'to be made') return plan;
  return store.transaction(async (client) => {
    await lockProjection(client, projection.name);
    const builds = await readBuilds(client, projection.name);
    // Another process may have been first.
    if (planOf(projection, hash, builds) === 'to be made') {
      for (const old of builds.filter(({ active }) => !active)) {
        await dropBuild(client, projection.name, old.build);
      }
      await createBuild(client, projection, hash);
    }
    const made = planOf(projection, hash, await readBuilds(client, projection.name));
    if (made === 'to be made') throw new Error(`no build of ${projection.name} could be made`);
    return made;
  });
};

const planOf = (
  projection: Projection,
  hash: string,
  builds: readonly Build[],
): Plan | 'to be made' => {
  if (builds.some(({ version }) => version > projection.version)) {
    return { targets: [], superseded: true };
  }
  const own = builds.filter(({ version }) => version === projection.version);
  if (own.length === 0) return 'to be made';
  for (const build of own) refuseChange(projection, hash, build);
  const targets = own.flatMap(({ build, status }) =>
    status === 'live' || status === 'building' ? [{ projection, build, status }] : [],
  );
  return { targets, superseded: false };
};

const refuseChange = (projection: Projection, hash: string, build: Build): void => {
  if (build.hash === hash) return;
  throw new VersionNotRaised(
    `the sources of projection ${projection.name} differ from those that its version ${String(build.version)} was built with: raise the version, so that it is built anew`,
  );
};
