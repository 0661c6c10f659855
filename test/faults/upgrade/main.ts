import { parseArgs } from 'node:util';

import { compiledRoot, projectRoot } from '#testing/build.js';

import { buildOf, NoOlderCommit, type OlderBuild } from './older-build.js';
import { type Build, rehearse } from './rehearsal.js';
import { breakingSince, raised, unknownTypes, versionIn } from './what-differs.js';

/**
 * Rehearses the rolling upgrade from an older commit to these sources, and the roll-back, under load:
 * `npm run rehearse:upgrade [-- --from <commit>]`. Without `--from` it is the commit before this one.
 */
const { values } = parseArgs({ options: { from: { type: 'string', default: 'HEAD~1' } } });

const seconds = (since: number): string => `${((performance.now() - since) / 1_000).toFixed(1)} s`;

const olderBuild = (): OlderBuild | undefined => {
  try {
    return buildOf(projectRoot, values.from);
  } catch (error) {
    if (!(error instanceof NoOlderCommit)) throw error;
    console.log(`skipped: ${error.message}; a clone with its history has one`);
    return undefined;
  }
};

const run = async (built: OlderBuild): Promise<readonly string[]> => {
  const dist = compiledRoot;
  const newer: Build = { name: 'newer', dist, version: await versionIn(dist) };
  let older: Build = { name: 'older', dist: built.dist, version: await versionIn(built.dist) };
  const breaking = breakingSince(older.version, newer.version);
  if (breaking.length > 0) {
    return [`no rolling upgrade: the older processes are stopped for ${breaking.join(', ')}`];
  }
  if (raised(older.version, newer.version).length === 0) {
    console.log('  no projection differs: one has a column more there, under the version before');
    const altered = built.alterTable();
    const projections = older.version.projections.map((one) =>
      one.name === altered.name ? altered : one,
    );
    older = { ...older, version: { ...older.version, projections } };
  }
  for (const { name, version } of raised(older.version, newer.version)) {
    const before = older.version.projections.find((one) => one.name === name)?.version ?? 'none';
    console.log(`  ${name}: version ${before} there, ${version} here`);
  }
  const unknown = unknownTypes(older.version, newer.version);
  if (unknown.length > 0) console.log(`  not known there: ${unknown.join(', ')}`);
  return rehearse(older, newer);
};

const began = performance.now();
const built = olderBuild();
if (built) {
  console.log(`from ${built.commit.slice(0, 12)}, compiled in ${seconds(began)}`);
  try {
    const faults = await run(built);
    for (const fault of faults) console.log(`    ${fault}`);
    console.log(
      `\nrehearsal ${faults.length > 0 ? 'FAILED' : 'passed'} (${seconds(began)}): ` +
        `${faults.length} faults`,
    );
    process.exitCode = faults.length > 0 ? 1 : 0;
  } finally {
    built.remove();
  }
}
process.exit();
