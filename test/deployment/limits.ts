import { environments } from '#test/generate/environments.js';

import { textOf } from './apps.js';
import { containerOf, type Manifest, workloadsOf } from './manifests.js';

/** What an API serves on and what any process takes to stop, in seconds: `DRAIN_SECONDS`, and ten. */
export const secondsToStop = Number(environments.api.DRAIN_SECONDS.default) + 10;

/** Connections to Postgres that docs/operations.md allows a process. */
export const connectionsOf = (app: string): number => {
  const [row = ''] = /^\| connections of Postgres \|.*$/m.exec(textOf('docs/operations.md')) ?? [];
  const named = new Map(
    [...row.matchAll(/(\d+) for (?:each )?`([\w-]+)`/g)].map(([, count, name]) => [
      name,
      Number(count),
    ]),
  );
  named.set('api', Number(environments.api.DATABASE_POOL_SIZE.default) + 2);
  // The job before a roll-out runs a projector.
  named.set('voltrace', named.get('projector') ?? NaN);
  const [, others] = /(\d+) for each of the others/.exec(row) ?? [];
  return named.get(app) ?? Number(others);
};

/** The most connections that the pods of an overlay hold: of each workload all copies, and those that a roll-out adds. */
export const connectionsNeeded = (manifests: readonly Manifest[]): number =>
  workloadsOf(manifests)
    .filter((workload) => containerOf(workload).image.startsWith('voltrace'))
    .map((workload) => {
      const { kind, metadata, spec } = workload;
      const scaler = manifests.find(
        ({ spec: of }) =>
          (of as Manifest['spec'] | undefined)?.scaleTargetRef?.name === metadata.name,
      );
      const copies = scaler?.spec.maxReplicas ?? spec.replicas ?? 1;
      const isReplaced = kind === 'Deployment' && spec.strategy?.type !== 'Recreate';
      // A quarter more of them, where nothing else is said.
      const surge = spec.strategy?.rollingUpdate?.maxSurge ?? Math.ceil(copies / 4);
      const added = isReplaced ? surge : 0;
      return (copies + added) * connectionsOf(containerOf(workload).args?.[0] ?? '');
    })
    .reduce((sum, each) => sum + each, 0);

/** What PostgreSQL of an overlay is told to take. */
export const connectionsTaken = (manifests: readonly Manifest[]): number => {
  const cluster = manifests.find(({ kind }) => kind === 'Cluster');
  const server = manifests.find(
    ({ kind, metadata }) => kind === 'StatefulSet' && metadata.name === 'postgres',
  );
  const told = cluster
    ? cluster.spec.postgresql?.parameters['max_connections']
    : server && /max_connections=(\d+)/.exec(containerOf(server).args?.join(' ') ?? '')?.[1];
  return Number(told);
};
