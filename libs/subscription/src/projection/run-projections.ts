import { Lease } from '#read-store/lease.js';

import { logSource } from '../log-source.js';
import { gatherMs } from '../pace.js';
import { type SubscriptionParts, SubscriptionRunner } from '../runner.js';
import type { Projection } from './projection.js';
import { ProjectionFollower } from './projection-follower.js';

/**
 * Runs projections: follows the log into each build in use, builds new versions beside the old ones,
 * carries out what operators request. Any number of processes may run the same projections: one works
 * on each build, the others stand by. Processes of different versions run beside each other.
 */
export class ProjectionRunner {
  readonly runners: readonly SubscriptionRunner<unknown>[];
  private readonly lease: Lease;

  constructor(projections: readonly Projection[], parts: SubscriptionParts) {
    const { store, log, tail, logger = store.logger, pollMs } = parts;
    const names = new Set(projections.map(({ name }) => name));
    if (names.size < projections.length) throw new Error('two projections have one name');
    const lease = new Lease(store.url, logger);
    this.lease = lease;
    this.runners = projections.map((projection) => {
      const follower = new ProjectionFollower(projection, { store, log, lease, logger });
      const source = logSource(log, tail, {
        ...(pollMs === undefined ? { gatherMs } : { scopesMs: pollMs }),
      });
      return new SubscriptionRunner(follower, source, {
        ...parts,
        lease,
      });
    });
  }

  /**
   * Waits for the store, then starts. The schema must be migrated.
   *
   * Rejects with `VersionNotRaised`, and with what makes a `table.sql` fail.
   */
  async start(): Promise<void> {
    for (const runner of this.runners) await runner.start();
  }

  statuses() {
    return this.runners.map((runner) => runner.status());
  }

  /** Finishes the batches that are under way and releases the builds. */
  async stop(): Promise<void> {
    await Promise.all(this.runners.map((runner) => runner.stop()));
    await this.lease.close();
  }
}
