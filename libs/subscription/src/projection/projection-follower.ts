import { setTimeout as sleep } from 'node:timers/promises';

import type { PoolClient } from 'pg';

import type { EventLog, StoredEvent } from '#event-log/event-log.js';
import { holdsAnchor } from '#event-log/log-check.js';
import type { Lease } from '#read-store/lease.js';
import type { ReadStore, StoreLogger } from '#read-store/read-store.js';
import { isStoreFault } from '#read-store/store-errors.js';

import type { ControlEvent } from '../control/events.js';
import { describeError } from '../describe-error.js';
import type { Follower } from '../follower.js';
import type { CatchUp, Scope } from '../source.js';
import {
  buildOf,
  createBuild,
  lockProjection,
  readBuilds,
  schemaOfScope,
  scopeOf,
} from './builds.js';
import { dropOutgrown, dropUnfinished, dropVersion } from './drop-builds.js';
import { planBuilds } from './plan-builds.js';
import { changeOf, type Projection, type ProjectionClient, readBy } from './projection.js';
import { hashOf } from './projection-hash.js';
import { switchBuild } from './switch-build.js';

/** How long a build waits after queries kept it from being switched to. */
const switchAgainMs = 1_000;
/** While events of others go by, and nobody waits for it. */
const lazyMs = 1_000;

export interface ProjectionParts {
  readonly store: ReadStore;
  readonly log: EventLog;
  readonly lease: Lease;
  readonly logger: StoreLogger;
}

/** A projection as the engine follows it: each build is a scope, and a build that is level is switched to. */
export class ProjectionFollower implements Follower<StoredEvent> {
  readonly kind = 'projection';
  readonly lazyMs = lazyMs;
  readonly shares = true;
  readonly name: string;
  readonly version: number;
  readonly cure: string;
  readonly order: 'key' | 'global';
  private hash: string | undefined;

  constructor(
    private readonly projection: Projection,
    private readonly parts: ProjectionParts,
  ) {
    const { name, version, order = 'stream' } = projection;
    this.name = name;
    this.version = version;
    this.order = order === 'global' ? 'global' : 'key';
    this.cure = `run "voltrace subscriptions rebuild ${name}"`;
  }

  /** Makes a first build where there is none. Throws `VersionNotRaised`, and what makes `table.sql` fail. */
  async scopes(): Promise<readonly Scope[]> {
    return planBuilds(this.parts.store, this.projection, await this.ownHash());
  }

  async scopeNames(): Promise<readonly string[]> {
    const builds = await readBuilds(this.parts.store.pool, this.name);
    return builds
      .filter(({ version }) => version === this.version)
      .map(({ build }) => scopeOf(build));
  }

  read(event: StoredEvent): StoredEvent | undefined {
    return readBy(this.projection, event);
  }

  handle(events: readonly StoredEvent[], client: ProjectionClient): Promise<void> {
    return applyEvents(client, this.projection, events);
  }

  setUp(scope: Scope): string {
    return `set local search_path to ${schemaOfScope(this.projection, scope)}, public`;
  }

  async level({ name: scope }: Scope, catchUp: CatchUp): Promise<void> {
    const { store, log, logger } = this.parts;
    const fields = { projection: this.name, build: buildOf(scope) };
    try {
      await switchBuild(store, log, this.projection, buildOf(scope), catchUp);
    } catch (error) {
      if (!isStoreFault(error)) throw error;
      logger.warn({ ...fields, error: describeError(error) }, 'the switch waits for queries');
      await sleep(switchAgainMs);
      throw error;
    }
    logger.info(fields, 'the build is switched to');
    await dropOutgrown(this.parts, this.projection);
  }

  async stateOf(scope: string, client: ProjectionClient): Promise<Scope['state']> {
    const builds = await readBuilds(client, this.name);
    const build = builds.find((one) => scopeOf(one.build) === scope);
    return build?.active ? 'running' : 'building';
  }

  async resume(scope: string, client: ProjectionClient): Promise<void> {
    await client.query(
      `update subscription.checkpoint c set error = null,
              state = case when b.active then 'running' else 'building' end
         from read_store.build b
        where b.projection = $1 and b.build = $3 and c.subscription = $1 and c.scope = $2`,
      [this.name, scope, buildOf(scope)],
    );
  }

  async control(event: ControlEvent, client: PoolClient): Promise<string | undefined> {
    const { lease } = this.parts;
    switch (event.type) {
      case 'ProjectionVersionDropped': {
        const { version } = event.data;
        if (version === this.version) return `version ${String(version)} is the running one`;
        await lockProjection(client, this.name);
        return dropVersion(client, lease, { name: this.name, version });
      }
      case 'ProjectionRebuildRequested':
      case 'SubscriptionPaused':
      case 'SubscriptionResumed':
        if (event.data.version !== this.version) return 'it concerns another version';
        await lockProjection(client, this.name);
        if (event.type === 'ProjectionRebuildRequested') return this.rebuild(client);
        return event.type === 'SubscriptionPaused' ? this.pause(client) : this.resumePaused(client);
      default:
        return undefined;
    }
  }

  private async rebuild(client: PoolClient): Promise<string> {
    const unfinished = await this.unfinished(client);
    if (unfinished && (await holdsAnchor(this.parts.log, unfinished.anchor))) {
      const { build, state } = unfinished;
      if (state === 'stopped') return 'stopped by an event: retry or discard it';
      await this.resume(scopeOf(build), client);
      return `build ${String(build)} is building`;
    }
    if (unfinished) await dropUnfinished(client, this.name, unfinished.build);
    const build = await createBuild(client, this.projection, await this.ownHash());
    return `build ${String(build)} is building`;
  }

  /** Of an unfinished build and the one in use the former pauses. */
  private async pause(client: PoolClient): Promise<string> {
    const builds = await this.ownBuilds(client);
    const build = builds.find(({ active }) => !active) ?? builds[0];
    if (!build) return 'nothing to pause';
    if (build.state === 'stopped') return 'stopped by an event: retry or discard it';
    if (build.state === 'paused') return `build ${String(build.build)} was paused already`;
    await client.query(
      `update subscription.checkpoint set state = 'paused' where subscription = $1 and scope = $2`,
      [this.name, scopeOf(build.build)],
    );
    return `build ${String(build.build)} is paused`;
  }

  private async resumePaused(client: PoolClient): Promise<string> {
    const paused = (await this.ownBuilds(client)).filter(({ state }) => state === 'paused');
    for (const { build } of paused) await this.resume(scopeOf(build), client);
    if (paused.length === 0) return 'nothing is paused';
    return paused.map(({ build }) => `build ${String(build)} is resumed`).join(', ');
  }

  private async unfinished(client: PoolClient) {
    return (await this.ownBuilds(client)).find(({ active }) => !active);
  }

  private async ownBuilds(client: PoolClient) {
    const builds = await readBuilds(client, this.name);
    return builds.filter(({ version }) => version === this.version);
  }

  private async ownHash(): Promise<string> {
    this.hash ??= await hashOf(this.projection);
    return this.hash;
  }
}

/** Loads, changes and saves the rows that `events` touch, as `readBy` gave them; nothing where there are none. */
export const applyEvents = async (
  client: ProjectionClient,
  projection: Projection,
  events: readonly StoredEvent[],
): Promise<void> => {
  if (events.length === 0) return;
  const work = await projection.load(client, events);
  for (const event of events) changeOf(projection, event)?.(work, event);
  await projection.save(client, work);
};
