import type { ReadStore } from '#read-store/read-store.js';

import type { Scope } from '../source.js';
import {
  type Build,
  buildsByName,
  createBuild,
  lockProjection,
  readBuilds,
  scopeOf,
} from './builds.js';
import type { Projection } from './projection.js';
import { makesRowsOf } from './projection-hash.js';

/** The sources of a projection changed, but its version did not. */
export class VersionNotRaised extends Error {
  override readonly name = 'VersionNotRaised';
}

/**
 * The builds that this version of the code follows the log with: its own, whatever other versions have.
 * Makes a first one where there is none.
 *
 * Throws `VersionNotRaised`.
 */
export const planBuilds = async (
  store: ReadStore,
  projection: Projection,
  hash: string,
): Promise<readonly Scope[]> => {
  const planned = scopesOf(projection, hash, await buildsByName(store).of(projection.name));
  if (planned) return planned;
  return store.transaction(async (client) => {
    await lockProjection(client, projection.name);
    // Another process may have been first.
    const made = scopesOf(projection, hash, await readBuilds(client, projection.name));
    if (made) return made;
    const build = await createBuild(client, projection, hash);
    return [{ name: scopeOf(build), state: 'building' }];
  });
};

/** Undefined when a first build has to be made. */
const scopesOf = (
  projection: Projection,
  hash: string,
  builds: readonly Build[],
): readonly Scope[] | undefined => {
  const own = builds.filter(({ version }) => version === projection.version);
  if (own.length === 0) return undefined;
  for (const build of own) refuseChange(projection, hash, build);
  return own.flatMap(({ build, state }) =>
    state === 'running' || state === 'building' ? [{ name: scopeOf(build), state }] : [],
  );
};

const refuseChange = (projection: Projection, hash: string, build: Build): void => {
  if (makesRowsOf(projection, hash, build.hash)) return;
  throw new VersionNotRaised(
    `the sources of projection ${projection.name} differ from those that its version ${String(build.version)} was built with: raise the version, so that it is built anew`,
  );
};
