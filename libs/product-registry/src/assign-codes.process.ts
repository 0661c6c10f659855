import { type EventLog, type StoredEvent, StreamGone } from '#event-log/event-log.js';
import { isContention } from '#event-log/key/retry-forfeited.js';
import { LogReplaced, replacedLogMs } from '#event-log/log-check.js';
import type { LogTail } from '#event-log/log-tail.js';
import { pause } from '#event-log/pause.js';
import { formatPosition } from '#event-log/position.js';
import { newest } from '#event-log/reading.js';
import type { CommandMeta } from '#kernel/command.js';
import { contentIdOf } from '#kernel/ids.js';
import { Refusal } from '#kernel/refusal.js';
import { CheckedReader } from '#read-store/checked-reader.js';
import { Lease } from '#read-store/lease.js';
import { describeError } from '#read-store/parking.js';
import type { ReadStore, StoreLogger } from '#read-store/read-store.js';
import type { SameLog } from '#read-store/same-log.js';

import { KnownMakers } from './assign-codes.makers.js';
import { AssignCodesStore, Batch } from './assign-codes.store.js';
import { entityCodeOf } from './codes.js';
import { manufacturerDecider } from './manufacturer/decider.js';
import { manufacturerCategory, type ManufacturerEvent } from './manufacturer/events.js';
import { assignProdCode } from './product/assign-code.js';
import { productDecider } from './product/decider.js';
import { productCategory, type ProductEvent } from './product/events.js';
import { ProductRegistry } from './registry.js';

/** Permanent: names the lock and the actor. */
const processName = 'assign-codes';
const limits = { maxEvents: 1_000, maxBytes: 4 * 1024 * 1024 };
/** How long to wait for news, and before asking again for the lock. */
const idleMs = 2_000;
/** Gathers what arrives one by one, so that it is kept in few transactions. */
const gatherMs = 100;
/** Events that teach it nothing move the checkpoint this seldom: after so many, or so long after the last move. */
const passedEvents = 5_000;
const passedMs = 2_000;
const firstRetryMs = 250;
const lastRetryMs = 15_000;

export interface AssignCodesProgress {
  /** `standby`: another one runs. `waiting`: for what failed to come back, or for the log that it knows. */
  readonly activity: 'running' | 'standby' | 'waiting' | 'log-replaced';
  /** Why it waits; null unless it does. */
  readonly reason: string | null;
  readonly checkpoint: string | null;
  readonly lastProgressAt: string | null;
}

/**
 * Gives a maker's products their codes when its EntityCode is issued or replaced, or when it is merged
 * into a maker that has one.
 *
 * It learns from the log itself which products a maker has, so that it needs no read model: a product
 * registered before the code was issued is known by then, and one registered after it, by a process
 * that still held the old code, is met here later and put right. What to assign is always looked up at
 * that moment, and commands carry ids derived from the event, so a replay changes nothing.
 *
 * Where the log is not the one that it has followed, it stands still until the read models are made
 * from that log. Then it begins anew: what it remembers is of the other one.
 *
 * One runs at a time, under an advisory lock that only saves work: the checkpoint is the fence.
 */
export class AssignCodesProcess {
  private readonly stopping = new AbortController();
  private running: Promise<void> = Promise.resolve();
  private readonly registry: ProductRegistry;
  private readonly memory: AssignCodesStore;
  private readonly lease: Lease;
  private readonly reader: CheckedReader;
  private makers = new KnownMakers(new Map());
  /** The last event behind the checkpoint, and how many are; none of them taught it anything. */
  private passed: StoredEvent | undefined;
  private unsaved = 0;
  private savedAt = 0;
  private activity: AssignCodesProgress['activity'] = 'standby';
  private reason: string | null = null;
  private lastProgressAt: Date | undefined;

  constructor(
    log: EventLog,
    private readonly tail: LogTail,
    store: ReadStore,
    private readonly sameLog: Pick<SameLog, 'ensure' | 'isCurrent'>,
    private readonly logger: StoreLogger,
  ) {
    // States of its own: this cache need not be fresher than the events that it is asked about.
    this.registry = new ProductRegistry(log);
    this.memory = new AssignCodesStore(store);
    this.lease = new Lease(store.url, logger);
    const cure = 'run "voltrace projections rebuild" for each projection: it then begins anew';
    const follower = { name: 'the process that assigns codes', cure };
    this.reader = new CheckedReader(log, tail, limits, follower);
  }

  start(): void {
    this.running = this.supervise();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
    await this.lease.close();
  }

  /** What it does and how far it is, for the health report. Null before its first batch. */
  progress(): AssignCodesProgress {
    const { position } = this.reader.place;
    return {
      activity: this.activity,
      reason: ['waiting', 'log-replaced'].includes(this.activity) ? this.reason : null,
      checkpoint: position ? formatPosition(position) : null,
      lastProgressAt: this.lastProgressAt?.toISOString() ?? null,
    };
  }

  private isStopped(): boolean {
    return this.stopping.signal.aborted;
  }

  /** Store or log away, another runner, an unknown event: all are waited out, with backoff. */
  private async supervise(): Promise<void> {
    for (let retryMs = firstRetryMs; !this.isStopped();) {
      try {
        if (await this.lease.acquire(processName)) {
          await this.run(() => {
            this.activity = 'running';
            this.lastProgressAt = new Date();
            retryMs = firstRetryMs;
          });
        } else {
          this.activity = 'standby';
          await pause(idleMs, this.stopping.signal);
        }
      } catch (error) {
        if (this.isStopped()) return;
        if (error instanceof LogReplaced && (await this.beginAnew(error))) continue;
        this.activity = error instanceof LogReplaced ? 'log-replaced' : 'waiting';
        this.reason = describeError(error);
        this.logger.warn(
          { err: error, retryMs, process: processName },
          'the process waits and goes on',
        );
        await pause(error instanceof LogReplaced ? replacedLogMs : retryMs, this.stopping.signal);
        retryMs = Math.min(retryMs * 2, lastRetryMs);
      }
    }
  }

  /** Handles the log while the lock is held; returns when it is lost. */
  private async run(onProgress: () => void): Promise<void> {
    const { place, makers } = await this.memory.load();
    this.makers = new KnownMakers(makers);
    this.saved();
    await this.reader.seek(place);
    while (!this.isStopped() && this.lease.holds(processName)) {
      const events = await this.reader.next();
      if (events.length > 0) await this.handle(events);
      if (this.isDue) await this.save(new Batch());
      if (events.length === 0) await this.news();
      else if (events.length < limits.maxEvents) await pause(gatherMs, this.stopping.signal);
      onProgress();
    }
  }

  /** Whether the read models are of the log that is there now, so that this process may follow it too. */
  private async beginAnew({ message }: LogReplaced): Promise<boolean> {
    try {
      await this.sameLog.ensure();
      if (!this.sameLog.isCurrent || !(await this.memory.forget(this.reader.place.position)))
        return false;
      this.logger.warn({ process: processName, reason: message }, 'the process begins anew');
      return true;
    } catch {
      // It looks again soon, and says meanwhile why it stands still.
      return false;
    }
  }

  private get isDue(): boolean {
    return this.unsaved >= passedEvents || performance.now() - this.savedAt >= passedMs;
  }

  private async handle(events: readonly StoredEvent[]): Promise<void> {
    const batch = new Batch();
    for (const event of events) {
      if (this.isStopped()) break;
      if (event.stream.startsWith(`${productCategory}-`)) await this.onProduct(event, batch);
      else if (event.stream.startsWith(`${manufacturerCategory}-`))
        await this.onMaker(event, batch);
      this.passed = event;
      this.unsaved += 1;
    }
    if (batch.hasLearnt) await this.save(batch);
  }

  private async onProduct(event: StoredEvent, batch: Batch): Promise<void> {
    const known = newest<ProductEvent>(productDecider, event);
    if (known?.type !== 'ProductRegistered') return;
    const { manufacturerId, code } = known.data;
    const id = event.stream.slice(productCategory.length + 1);
    batch.products.push({ id, manufacturerId });
    // Both as of this event: only a product that was registered on an older state differs.
    const expected = this.makers.codeOf(manufacturerId);
    const actual = code === null ? null : entityCodeOf(code);
    if (expected !== null && expected !== actual) await this.assign(id, manufacturerId, event);
  }

  private async onMaker(event: StoredEvent, batch: Batch): Promise<void> {
    const id = event.stream.slice(manufacturerCategory.length + 1);
    const known = newest<ManufacturerEvent>(manufacturerDecider, event);
    const learnt = known && this.makers.learn(id, known);
    if (!learnt) return;
    // The products read below are those up to the event before this one.
    await this.save(batch);
    await this.registry.manufacturers.refresh(id);
    for (const maker of this.makers.dependingOn(id)) {
      for await (const productId of this.memory.productsOf(maker)) {
        if (this.isStopped()) throw new Error('stopped while codes were assigned');
        await this.assign(productId, maker, event);
      }
    }
    batch.makers.set(id, learnt);
  }

  private async assign(productId: string, maker: string, event: StoredEvent): Promise<void> {
    try {
      const entityCode = await this.codeNow(maker);
      if (entityCode === null) return;
      const meta = metaOf(event, productId, entityCode);
      const result = await assignProdCode(this.registry, productId, entityCode, meta);
      if (result)
        this.logger.info({ process: processName, productId, entityCode }, 'product code assigned');
    } catch (error) {
      // The product keeps the code that it has; the others must not wait for it.
      if (mayPass(error)) throw error;
      this.logger.warn(
        { process: processName, productId, manufacturerId: maker, err: error },
        'no product code assigned',
      );
    }
  }

  /** As `KnownMakers.codeOf`, of the makers as they are now. */
  private async codeNow(maker: string): Promise<string | null> {
    for (const one of this.makers.answering(maker)) {
      const { state } = await this.registry.manufacturers.refresh(one);
      if (state.status === 'registered' && state.code !== null) return state.code;
    }
    return null;
  }

  private async save(batch: Batch): Promise<void> {
    const { passed, reader } = this;
    if (!passed) return;
    if (!(await this.memory.save(reader.place.position, passed, batch))) {
      throw new Error('another runner moved the checkpoint');
    }
    reader.took({ position: passed.position, anchor: passed });
    this.saved();
    batch.clear();
  }

  private saved(): void {
    this.passed = undefined;
    this.unsaved = 0;
    this.savedAt = performance.now();
  }

  private async news(): Promise<void> {
    await this.tail.changed(this.reader.position, {
      signal: this.stopping.signal,
      timeoutMs: idleMs,
    });
  }
}

/** Whether waiting helps: against a store that is away or contention, not against a refusal. */
const mayPass = (error: unknown): boolean => {
  if (error instanceof Refusal) return error.kind === 'unavailable' || isContention(error);
  return !(error instanceof StreamGone);
};

const metaOf = (event: StoredEvent, productId: string, entityCode: string): CommandMeta => ({
  commandId: contentIdOf('assign-code', event.id, productId, entityCode),
  actor: { id: processName, kind: 'system', roles: ['service'] },
  source: 'process',
  occurredAt: event.metadata.occurredAt,
  correlationId: event.metadata.$correlationId,
  causationId: event.id,
  reason: `the manufacturer's EntityCode is ${entityCode}`,
});
