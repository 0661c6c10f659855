import type { Voltrace } from '#test/support/voltrace.js';

import { eventsDuring, followersRest } from './followers.js';
import { runPacedLoad } from './paced-load.js';
import type { Path } from './paths.js';
import { type LoadResult, runSteadyLoad, type Target } from './steady-load.js';
import type { CpuByPart, SystemCpu } from './system-cpu.js';

export interface Measured extends LoadResult {
  readonly cpu: CpuByPart;
  /** Events that it left in the log, with what followers added. */
  readonly events: number;
}

/** What was measured of a path, round by round. */
export interface PathResult {
  readonly path: Path;
  readonly ours: Measured[];
  /** At half of the highest rate of the same round. */
  readonly paced: LoadResult[];
  /** By peer, in the order of the path. */
  readonly peers: readonly Measured[][];
}

export interface RoundOptions {
  readonly rounds: number;
  /** How long each load takes, about. */
  readonly seconds: number;
  /** Requests of each path before the first round. */
  readonly warm: number;
}

/** Fewer have no 99th percentile. */
const leastRequests = 640;

/** Warms every path and its peers up, and measures them in turn, round by round. */
export const measurePaths = async (
  { voltrace, system }: { readonly voltrace: Voltrace; readonly system: SystemCpu },
  paths: readonly Path[],
  { rounds, seconds, warm }: RoundOptions,
): Promise<readonly PathResult[]> => {
  const requests = new Map<Target, number>();
  for (const { title, ours, peers } of paths) {
    for (const target of [ours, ...peers.map((peer) => peer.target)]) {
      const { perSecond } = await runSteadyLoad(target, warm);
      requests.set(target, Math.max(leastRequests, Math.round(perSecond * seconds)));
    }
    await followersRest(voltrace);
    console.log(`warm: ${title}`);
  }
  const measure = async (target: Target, isOurWrite: boolean): Promise<Measured> => {
    const load = async (): Promise<LoadResult> => {
      const result = await runSteadyLoad(target, requests.get(target) ?? leastRequests);
      if (isOurWrite) await followersRest(voltrace);
      return result;
    };
    if (!isOurWrite) {
      const { result, cpu } = await system.during(load);
      return { ...result, cpu, events: 0 };
    }
    let measured: Omit<Measured, 'events'> | undefined;
    const events = await eventsDuring(voltrace.api, async () => {
      await followersRest(voltrace);
      const { result, cpu } = await system.during(load);
      measured = { ...result, cpu };
    });
    if (!measured) throw new Error('nothing was measured');
    return { ...measured, events };
  };
  const results = paths.map((path): PathResult => ({
    path,
    ours: [],
    paced: [],
    peers: path.peers.map(() => []),
  }));
  for (let round = 1; round <= rounds; round += 1) {
    for (const { path, ours, paced, peers } of results) {
      const highest = await measure(path.ours, path.isWrite);
      ours.push(highest);
      if (path.isWrite) {
        const half = highest.perSecond / 2;
        const count = Math.max(leastRequests, Math.round(half * seconds));
        paced.push(await runPacedLoad(path.ours, half, count));
        await followersRest(voltrace);
      }
      for (const [index, { target }] of path.peers.entries()) {
        peers[index]?.push(await measure(target, false));
      }
    }
    console.log(`round ${String(round)} of ${String(rounds)}`);
  }
  return results;
};
