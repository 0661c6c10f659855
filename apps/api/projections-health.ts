import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';

import { HealthRegistry } from '#observability/health.js';
import { ReadStore } from '#read-store/read-store.js';
import { isMissingRelation } from '#read-store/store-errors.js';
import { fromBuilds } from '#subscription/projection/builds.js';

interface Row {
  readonly projection: string;
  readonly version: number;
  readonly build: number;
  readonly status: string;
  readonly position: string | null;
  readonly parked: string;
  readonly moved_at: Date | null;
  readonly caught_up_at: Date | null;
}

const builds = `
  select b.projection, b.version, b.build, c.state as status, c.commit_position::text as position,
         (select count(*)::text from subscription.parked p
           where p.subscription = c.subscription and p.scope = c.scope) as parked,
         c.moved_at, c.caught_up_at
  ${fromBuilds} where c.state in ('running', 'building')
  order by b.projection, b.build`;

/** Why there is nothing to serve from: lists would all be refused. */
export const notMigrated = 'the read store is not migrated yet';

/**
 * Shows how far each projection is. It never makes the API unready: a projector that is behind is no
 * reason to take the API, which serves what there is, out of service. Without any schema it could not serve.
 */
@Injectable()
export class ProjectionsHealth implements OnApplicationBootstrap {
  constructor(
    private readonly store: ReadStore,
    private readonly health: HealthRegistry,
  ) {}

  onApplicationBootstrap(): void {
    this.health.register('projections', async () => {
      const rows = await this.rows();
      if (!rows) return { status: 'down', reason: notMigrated };
      const shown = rows.map((row) => ({
        name: row.projection,
        version: row.version,
        build: row.build,
        status: row.status,
        position: row.position,
        parked: Number(row.parked),
        movedAt: row.moved_at?.toISOString() ?? null,
        caughtUpAt: row.caught_up_at?.toISOString() ?? null,
      }));
      return { status: 'up', builds: shown };
    });
  }

  private async rows(): Promise<readonly Row[] | undefined> {
    try {
      return (await this.store.pool.query<Row>(builds)).rows;
    } catch (error) {
      if (isMissingRelation(error)) return undefined;
      throw error;
    }
  }
}
