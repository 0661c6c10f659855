import type { EventLog } from '#event-log/event-log.js';
import { handleCommand } from '#event-log/handle-command.js';
import { pause } from '#event-log/pause.js';
import { States } from '#event-log/states.js';
import { commandIdOf } from '#kernel/ids.js';
import { wallNow } from '#kernel/wall-clock.js';
import { type Overdue, readOverdue } from '#projections/samples/overdue.js';
import type { ReadStore, StoreLogger } from '#read-store/read-store.js';
import { isMissingRelation } from '#read-store/store-errors.js';
import { seriesDecider } from '#telemetry/series/decider.js';

/** Names the actor; permanent. */
const name = 'retention';
const everyMs = 3_600_000;
/** After a failure. */
const againMs = 60_000;
const atOnce = 1_000;

export interface RetentionParts {
  readonly store: ReadStore;
  readonly log: EventLog;
  readonly logger: StoreLogger;
}

/**
 * Drops single samples of series that are kept for a number of days, once a UTC day: what is dropped is an event with
 * an author and a reason, as if a person had asked for it. Two of them do it once: the command has one id for a series and day.
 */
export class Retention {
  private readonly states;
  private readonly stopping = new AbortController();
  private running: Promise<void> | undefined;

  constructor(private readonly parts: RetentionParts) {
    this.states = new States(parts.log, seriesDecider);
  }

  start(): void {
    this.running ??= this.run();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  /** Expires what is overdue at a time, in milliseconds since the epoch. Resolves with the number of series. */
  async expireAt(now: number): Promise<number> {
    let count = 0;
    let behind: Overdue | undefined;
    do {
      const overdue = await readOverdue(this.parts.store.pool, now, atOnce, behind);
      for (const one of overdue) if (await this.expire(one)) count += 1;
      behind = overdue.length < atOnce ? undefined : overdue.at(-1);
    } while (behind && !this.stopping.signal.aborted);
    return count;
  }

  private async expire({ device, series, days, before }: Overdue): Promise<boolean> {
    const key = `${device} ${series} ${before.toISOString()}`;
    const commandId = commandIdOf(name, name, key);
    const result = await handleCommand(this.parts.log, this.states, device, {
      type: 'ExpireSamples',
      data: { series, before: before.toISOString(), keptDays: days },
      meta: {
        ...{ commandId, correlationId: commandId, source: 'process' },
        actor: { id: name, kind: 'system', roles: [] },
        occurredAt: new Date(wallNow()).toISOString(),
        reason: `single samples are kept for ${String(days)} days`,
      },
    });
    return result.outcome === 'accepted';
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      let waitMs = everyMs;
      try {
        const series = await this.expireAt(wallNow());
        if (series > 0) this.parts.logger.info({ series }, 'old single samples are dropped');
      } catch (error) {
        waitMs = againMs;
        // A read model that is not built yet is no news.
        if (!isMissingRelation(error))
          this.parts.logger.warn({ error }, 'old single samples cannot be dropped now');
      }
      await pause(waitMs, signal);
    }
  }
}
