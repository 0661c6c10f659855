import { randomUUID } from 'node:crypto';

import { type EventLog, LogUnavailable } from '#event-log/event-log.js';
import type { LogTail } from '#event-log/log-tail.js';
import { pause } from '#event-log/pause.js';

import type { Target } from './builds.js';
import { Feed } from './feed.js';
import type { FeedContext, FeedObserver } from './feed-context.js';
import { Lease } from './lease.js';
import { describeError } from './parking.js';
import { planBuilds, VersionNotRaised } from './plan-builds.js';
import type { Projection } from './projection.js';
import { hashOf } from './projection-hash.js';
import type { ReadStore, StoreLogger } from './read-store.js';
import {
  closeRequest,
  endRequest,
  handleBuildRequest,
  openRequests,
  type Request,
} from './requests.js';
import { handleParkedRequest } from './retry-parked.js';
import { isStoreFault } from './store-errors.js';

/** How often the runner looks for requests and for builds that nobody works on. */
const lookMs = 1_000;
/** How often a request may fail by the store, such as by a statement that takes too long. */
const maxFaults = 3;

export interface RunnerOptions {
  readonly logger?: StoreLogger;
  readonly observer?: FeedObserver;
  /** How often to look for requests, in milliseconds. */
  readonly lookMs?: number;
}

interface Running {
  readonly target: Target;
  readonly ended: Promise<void>;
}

/**
 * Runs projections: follows the log into each active build, builds new versions beside the old ones,
 * carries out what operators ask for.
 *
 * Any number of processes may run the same projections: one works on each build, the others stand by.
 * Processes of different versions run beside each other, each on the builds of its own version.
 */
export class ProjectionRunner {
  private readonly hashes = new Map<string, string>();
  private readonly feeds = new Map<string, Running>();
  /** Open requests that failed by the store, with how often. */
  private readonly faults = new Map<string, number>();
  private readonly stopping = new AbortController();
  private readonly context: FeedContext;
  private looking: Promise<void> = Promise.resolve();

  constructor(
    private readonly store: ReadStore,
    log: EventLog,
    tail: LogTail,
    private readonly projections: readonly Projection[],
    private readonly options: RunnerOptions = {},
  ) {
    const logger = options.logger ?? store.logger;
    this.context = {
      store,
      log,
      tail,
      logger,
      lease: new Lease(store.url, logger),
      holder: randomUUID(),
      observer: options.observer ?? noObserver,
    };
    const names = new Set(projections.map(({ name }) => name));
    if (names.size < projections.length) throw new Error('two projections have one name');
  }

  /**
   * Waits for the store, then starts. The schema must be migrated.
   *
   * Rejects with `VersionNotRaised`, and with what makes a `table.sql` fail.
   */
  async start(): Promise<void> {
    for (const projection of this.projections) {
      this.hashes.set(projection.name, await hashOf(projection));
    }
    while (!this.stopping.signal.aborted) {
      try {
        await this.look();
        break;
      } catch (error) {
        if (!isStoreFault(error)) throw error;
        this.context.logger.warn({ err: error }, 'the read store does not answer yet');
        await this.pause();
      }
    }
    this.looking = this.keepLooking();
  }

  /** Finishes the batches that are under way and puts the builds down. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.looking;
    await Promise.all([...this.feeds.values()].map(({ ended }) => ended));
    await this.context.lease.close();
  }

  private async keepLooking(): Promise<void> {
    await this.pause();
    while (!this.stopping.signal.aborted) {
      try {
        await this.look();
      } catch (error) {
        this.context.logger.warn({ err: error }, 'the projections could not be looked after');
      }
      await this.pause();
    }
  }

  private async look(): Promise<void> {
    for (const request of await openRequests(this.store, this.projections)) {
      if (this.stopping.signal.aborted) return;
      await this.handle(request);
    }
    for (const projection of this.projections) await this.ensureFeeds(projection);
  }

  private async ensureFeeds(projection: Projection): Promise<void> {
    const hash = this.hashOf(projection);
    for (const target of await planBuilds(this.store, projection, hash)) this.ensureFeed(target);
  }

  private ensureFeed(target: Target): void {
    const key = `${target.projection.name}/${String(target.build)}`;
    if (this.feeds.has(key) || this.stopping.signal.aborted) return;
    const feed = new Feed(this.context, target);
    const ended = feed.run(this.stopping.signal).finally(() => {
      this.feeds.delete(key);
      // A build that was switched to goes on as the active one without waiting for the next look.
      if (target.status === 'building') void this.lookAt(target.projection);
    });
    this.feeds.set(key, { target, ended });
  }

  private async lookAt(projection: Projection): Promise<void> {
    try {
      await this.ensureFeeds(projection);
    } catch (error) {
      const { logger } = this.context;
      logger.warn({ err: error, projection: projection.name }, 'the projection is looked at later');
    }
  }

  private async handle(request: Request): Promise<void> {
    const projection = this.projections.find(({ name }) => name === request.projection);
    if (!projection) return;
    try {
      await planBuilds(this.store, projection, this.hashOf(projection));
      const outcome = await this.carryOut(projection, request);
      const { logger } = this.context;
      if (outcome !== undefined) logger.info({ ...request, outcome }, 'a request is carried out');
      await this.done(request);
    } catch (error) {
      if (error instanceof VersionNotRaised) throw error;
      await this.handleFailure(request, error);
    }
  }

  /** What fails by a store is tried again at the next look; the requests after it do not wait for it. */
  private async handleFailure(request: Request, error: unknown): Promise<void> {
    const { logger } = this.context;
    const faults = (this.faults.get(request.id) ?? 0) + (isStoreFault(error) ? 1 : 0);
    this.faults.set(request.id, faults);
    const passing = isStoreFault(error) || error instanceof LogUnavailable;
    if (passing && faults < maxFaults) {
      logger.warn({ ...request, err: error }, 'a request is tried again later');
      return;
    }
    logger.error({ ...request, err: error }, 'a request failed');
    await this.store.transaction((client) =>
      closeRequest(client, request.id, `failed: ${describeError(error)}`),
    );
    await this.done(request);
  }

  private async done({ id }: Request): Promise<void> {
    this.faults.delete(id);
    await endRequest(this.context.lease, id);
  }

  private carryOut(projection: Projection, request: Request): Promise<string | undefined> {
    return request.kind === 'retry' || request.kind === 'discard'
      ? handleParkedRequest(this.context, projection, request)
      : handleBuildRequest(this.context, projection, this.hashOf(projection), request);
  }

  private hashOf(projection: Projection): string {
    const hash = this.hashes.get(projection.name);
    if (hash === undefined) throw new Error(`${projection.name} was not started`);
    return hash;
  }

  private pause(): Promise<void> {
    return pause(this.options.lookMs ?? lookMs, this.stopping.signal);
  }
}

const noObserver: FeedObserver = {
  counted: () => undefined,
  failed: () => undefined,
  progressed: () => undefined,
  outOfSpace: () => undefined,
  logReplaced: () => undefined,
};
