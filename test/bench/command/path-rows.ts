import { median, type Row } from '../report.js';
import type { CpuColumn } from './cpu-table.js';
import type { Measured, PathResult } from './rounds.js';
import { type CpuByPart, isFollower, isForeign, sumOf } from './system-cpu.js';

const p99WantedMs = 50;
const followersWantedMs = 0.25;

const perSecondOf = (runs: readonly Measured[]): number =>
  median(runs.map(({ perSecond }) => perSecond));

/** The rows of a path: against each peer, and of a change its p99 and what its followers cost. */
export const rowsOf = ({ path, ours, paced, peers }: PathResult): readonly Row[] => {
  const measured = perSecondOf(ours);
  const rows = path.peers.map(({ title, wanted }, index): Row => {
    const peer = perSecondOf(peers[index] ?? []);
    return {
      path: `${path.title}, against ${title}`,
      measured: `${measured.toFixed(0)}/s`,
      peer: `${peer.toFixed(0)}/s`,
      ratio: measured / peer,
      target: `>= ${String(wanted)}`,
      met: measured / peer >= wanted,
    };
  });
  if (!path.isWrite) return rows;
  const p99 = median(paced.map(({ p99Ms }) => p99Ms));
  const followers = median(
    ours.map(({ cpu, events }) => (sumOf(cpu, isFollower) * 1_000) / events),
  );
  const perRequest = median(ours.map(({ events, requests }) => events / requests));
  return [
    ...rows,
    {
      path: `${path.title}, p99 at half of its rate`,
      measured: `${p99.toFixed(1)} ms at ${(measured / 2).toFixed(0)}/s (${median(ours.map(({ p99Ms }) => p99Ms)).toFixed(0)} ms at its rate)`,
      target: `< ${String(p99WantedMs)} ms`,
      met: p99 < p99WantedMs,
    },
    {
      path: `${path.title}, CPU of all followers per event`,
      measured: `${followers.toFixed(3)} ms, ${perRequest.toFixed(1)} events each`,
      target: `< ${String(followersWantedMs)} ms`,
      met: followers < followersWantedMs,
    },
  ];
};

/** What a request of ours costs every process, and what a request of each peer costs. */
export const cpuColumnsOf = ({
  path,
  ours,
  peers,
}: PathResult): { readonly ours: CpuColumn; readonly peers: readonly CpuColumn[] } => ({
  ours: columnOf(path.title, ours, (part) => !isForeign(part)),
  peers: path.peers.map(({ title }, index) =>
    columnOf(
      `${path.title}: ${title}`,
      peers[index] ?? [],
      (part) => isForeign(part) || part === 'Postgres: rest',
    ),
  ),
});

const columnOf = (
  title: string,
  runs: readonly Measured[],
  isShown: (part: string) => boolean,
): CpuColumn => {
  const parts = new Set(runs.flatMap(({ cpu }) => [...cpu.keys()]).filter(isShown));
  const perRequest = (cpu: CpuByPart, part: string, requests: number): number =>
    ((cpu.get(part) ?? 0) * 1_000) / requests;
  return {
    title,
    ms: new Map(
      [...parts].map((part) => [
        part,
        median(runs.map(({ cpu, requests }) => perRequest(cpu, part, requests))),
      ]),
    ),
  };
};
