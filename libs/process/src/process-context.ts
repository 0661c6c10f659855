import { HealthRegistry } from '#observability/health.js';
import { collectHealth } from '#observability/health-metrics.js';
import type { Logger } from '#observability/logging.js';
import { Metrics } from '#observability/metrics.js';

/** What the parts of a process share: its logger, health and metrics, and the order in which they close. */
export class ProcessContext {
  readonly health = new HealthRegistry();
  private readonly stopping = new AbortController();
  private readonly drains: (() => Promise<void>)[] = [];
  private readonly closers: (() => unknown)[] = [];
  private readonly collectors: (() => unknown)[] = [];

  constructor(
    /** On each log line, and in the names of connections. */
    readonly name: string,
    readonly logger: Logger,
    private madeMetrics?: Metrics,
  ) {
    if (madeMetrics) collectHealth(madeMetrics.registry, this.health);
  }

  /** Made when they are first asked for: not every process shows any. */
  get metrics(): Metrics {
    if (this.madeMetrics) return this.madeMetrics;
    this.madeMetrics = new Metrics();
    collectHealth(this.madeMetrics.registry, this.health);
    return this.madeMetrics;
  }

  /** Aborts when the process is to stop, before the first part is closed. */
  get signal(): AbortSignal {
    return this.stopping.signal;
  }

  /** Has `drain` called, and waited for, when the process is asked to stop and before anything is closed. */
  onDrain(drain: () => Promise<void>): void {
    this.drains.push(drain);
  }

  /** Readiness is red from here on, and everything is still at work: those who send requests can go elsewhere. */
  async drain(): Promise<void> {
    this.health.register('stop', () => ({ status: 'down', reason: 'stopping' }));
    await Promise.all(this.drains.map((drain) => drain()));
  }

  /**
   * Has `close` called when the process stops: parts are closed one after the other, the last one first.
   * Throws once it stops, so that a start which is still going on opens nothing more.
   */
  onStop(close: () => unknown): void {
    this.signal.throwIfAborted();
    this.closers.push(close);
  }

  /** Has `collect` called before metrics are shown, to set what is only measured then. */
  onCollect(collect: () => unknown): void {
    this.collectors.push(collect);
  }

  /** The metrics in the text exposition format; without a store that does not answer, the counters alone. */
  async renderMetrics(): Promise<{ contentType: string; body: string }> {
    for (const collect of this.collectors) {
      try {
        await collect();
      } catch (error) {
        this.logger.warn({ error }, 'some metrics could not be collected');
      }
    }
    return this.metrics.render();
  }

  /** Closes every part. Rejects, when all were tried, where some could not be closed. */
  async stop(): Promise<void> {
    this.stopping.abort();
    const errors: unknown[] = [];
    for (const close of this.closers.splice(0).reverse()) {
      try {
        await close();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw new AggregateError(errors, 'parts of the process did not close');
  }

  /** Ends the process at once: what it would do from here on cannot be trusted, or is of no use. */
  fatal(error: unknown, message: string, exitCode = 1): never {
    this.logger.fatal({ error }, message);
    process.exit(exitCode);
  }
}
