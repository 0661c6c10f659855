import type { EventLog } from '#event-log/event-log.js';
import { type Anchor, LogCheck, LogReplaced, replacedLogMs } from '#event-log/log-check.js';
import { Refusal } from '#kernel/refusal.js';
import { anchorColumns, anchorOf, type AnchorRow } from '#read-store/position-columns.js';
import type { ReadStore } from '#read-store/read-store.js';
import { isMissingColumn, isMissingRelation, isStoreFault } from '#read-store/store-errors.js';

import { fromBuilds } from './builds.js';
import type { Projection } from './projection.js';

/** What is read of a projection: its tables of that version. */
type ReadProjection = Pick<Projection, 'name' | 'version'>;

/**
 * Keeps a process from writing to an event log that its read models were not made from: what it wrote
 * would never be seen in them. After each loss of a connection one statement and one read per projection;
 * in between a comparison of two numbers.
 */
export class SameLog {
  private readonly check: LogCheck;
  private checking: Promise<void> | undefined;
  private found: { readonly replaced: LogReplaced; readonly at: number } | undefined;
  private unreadAt = -Infinity;

  constructor(
    log: Pick<EventLog, 'epoch' | 'idAt' | 'head'>,
    private readonly store: ReadStore,
    private readonly projections: readonly ReadProjection[],
  ) {
    const cure = 'run "voltrace subscriptions rebuild" for each projection';
    this.check = new LogCheck(log, { name: 'this server', cure });
  }

  /** Whether the log was found to be the right one since a connection was last lost. */
  get isCurrent(): boolean {
    return this.check.isCurrent;
  }

  /** Why nothing may be written; undefined where the log is the right one as far as is known. */
  get reason(): string | undefined {
    return this.check.isCurrent ? undefined : this.found?.replaced.message;
  }

  /**
   * Resolves where the log is the one of the read models, and while the read store does not answer. Throws the
   * refusal `LOG_REPLACED`, and `LogUnavailable` where the log does not answer.
   */
  async ensure(): Promise<void> {
    if (this.check.isCurrent) return;
    if (performance.now() - this.unreadAt < replacedLogMs) return;
    const { found } = this;
    if (found && performance.now() - found.at < replacedLogMs) throw logReplaced(found.replaced);
    this.checking ??= this.checkNow().finally(() => {
      this.checking = undefined;
    });
    await this.checking;
  }

  private async checkNow(): Promise<void> {
    const anchors = await this.anchors();
    if (!anchors) {
      this.unreadAt = performance.now();
      return;
    }
    try {
      await this.check.run(anchors);
      this.found = undefined;
    } catch (error) {
      if (!(error instanceof LogReplaced)) throw error;
      this.found = { replaced: error, at: performance.now() };
      throw logReplaced(error);
    }
  }

  /** Undefined while the read store does not answer; none before it is migrated. */
  private async anchors(): Promise<readonly Anchor[] | undefined> {
    try {
      const { rows } = await this.store.pool.query<AnchorRow>(
        `select ${anchorColumns} ${fromBuilds}
          where b.active and (b.projection, b.version) in (select * from unnest($1::text[], $2::integer[]))`,
        [this.projections.map(({ name }) => name), this.projections.map(({ version }) => version)],
      );
      return rows.map(anchorOf).filter((anchor) => anchor !== undefined);
    } catch (error) {
      if (isMissingRelation(error) || isMissingColumn(error)) return [];
      if (isStoreFault(error)) return undefined;
      throw error;
    }
  }
}

/** Nothing that a caller could do: an operator has to connect the right log or to rebuild. */
const logReplaced = (cause: LogReplaced): Refusal =>
  new Refusal(
    'LOG_REPLACED',
    'unavailable',
    `nothing is changed: ${cause.message}`,
    { retryAfterSeconds: 30 },
    { cause },
  );
