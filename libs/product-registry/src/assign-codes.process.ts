import {
  type EventLog,
  type Position,
  type StoredEvent,
  StreamGone,
} from '#event-log/event-log.js';
import { mayPass } from '#event-log/key/retry-forfeited.js';
import { type ReadEvent, Reading } from '#event-log/reading.js';
import type { CommandMeta } from '#kernel/command.js';
import { contentIdOf } from '#kernel/ids.js';
import { Refusal } from '#kernel/refusal.js';
import type { ReadStore, StoreLogger } from '#read-store/read-store.js';
import { type Follower, isTransient, type SubscriptionClient } from '#subscription/follower.js';
import type { DeclaredProcess } from '#subscription/process.js';
import type { Scope } from '#subscription/source.js';

import { KnownManufacturers } from './assign-codes.manufacturers.js';
import {
  forgetAll,
  loadManufacturers,
  productsOf,
  saveManufacturers,
  saveProducts,
} from './assign-codes.store.js';
import { entityCodeOf } from './codes.js';
import { manufacturerDecider } from './manufacturer/decider.js';
import type { ManufacturerEvent } from './manufacturer/events.js';
import { assignProdCode } from './product/assign-code.js';
import { productDecider } from './product/decider.js';
import type { ProductEventOf } from './product/events.js';
import { ProductRegistry } from './registry.js';

/** Permanent: names the checkpoint and the actor. */
export const assignCodesName = 'assign-codes';

const reading = new Reading([productDecider, manufacturerDecider]);

type ProductRegistered = ProductEventOf<'ProductRegistered'>;

/** An event that the process acts on or learns from; `id` is that of the product or manufacturer. */
type AssignCodesEvent = { readonly id: string } & (
  | { readonly of: 'product'; readonly event: ReadEvent<ProductRegistered> }
  | { readonly of: 'manufacturer'; readonly event: ReadEvent<ManufacturerEvent> }
);

const isProductRegistered = (event: StoredEvent): event is ReadEvent<ProductRegistered> =>
  event.type === 'ProductRegistered';

const read = (stored: StoredEvent): AssignCodesEvent | undefined => {
  const event = reading.newest(stored);
  if (!event) return undefined;
  const id = event.stream.slice(event.stream.indexOf('-') + 1);
  if (isProductRegistered(event)) return { id, of: 'product', event };
  const isOfManufacturer = event.stream.startsWith(`${manufacturerDecider.category}-`);
  if (!isOfManufacturer) return undefined;
  return { id, of: 'manufacturer', event: event as ReadEvent<ManufacturerEvent> };
};

/**
 * Gives a manufacturer's products their codes when its EntityCode is issued or replaced, or when it is
 * merged into a manufacturer that has one.
 *
 * It learns from the log itself which products a manufacturer has, so that it needs no read model: a
 * product registered before the code was issued is known by then, and one registered after it, by a
 * process that still held the old code, is met here later and corrected. What to assign is always looked
 * up at that moment, and commands carry ids derived from the event, so a replay changes nothing.
 */
export class AssignCodes implements Follower<AssignCodesEvent> {
  readonly kind = 'process';
  readonly name = assignCodesName;
  readonly version = 0;
  readonly cure = `run "voltrace subscriptions reset ${assignCodesName} --to start"`;
  /** Most events teach it nothing. */
  readonly lazyMs = 2_000;
  private readonly registry: ProductRegistry;
  private manufacturers = new KnownManufacturers(new Map());

  constructor(
    log: EventLog,
    private readonly store: ReadStore,
    private readonly logger: StoreLogger,
  ) {
    // States of its own: this cache need not be fresher than the events that it is asked about.
    this.registry = new ProductRegistry(log);
  }

  scopes(): Promise<readonly Scope[]> {
    return Promise.resolve([{ name: 'log', state: 'running' }]);
  }

  read(stored: StoredEvent): AssignCodesEvent | undefined {
    return read(stored);
  }

  async opened(): Promise<void> {
    this.manufacturers = new KnownManufacturers(await loadManufacturers(this.store.pool));
  }

  async act(events: readonly AssignCodesEvent[], signal: AbortSignal): Promise<void> {
    const registered: { readonly id: string; readonly manufacturerId: string }[] = [];
    for (const { id, ...one } of events) {
      signal.throwIfAborted();
      if (one.of === 'product') {
        const { manufacturerId, code } = one.event.data;
        registered.push({ id, manufacturerId });
        // Both as of this event: only a product that was registered on an older state differs.
        const expected = this.manufacturers.codeOf(manufacturerId);
        const actual = code === null ? null : entityCodeOf(code);
        if (expected !== null && expected !== actual) {
          await this.assign(id, manufacturerId, one.event);
        }
      } else if (this.manufacturers.learn(id, one.event)) {
        await this.registry.manufacturers.refresh(id);
        for (const manufacturer of this.manufacturers.dependingOn(id)) {
          const earlier = registered.filter(
            ({ manufacturerId }) => manufacturerId === manufacturer,
          );
          for await (const productId of this.productsOf(manufacturer, earlier)) {
            signal.throwIfAborted();
            await this.assign(productId, manufacturer, one.event);
          }
        }
      }
    }
  }

  async handle(events: readonly AssignCodesEvent[], client: SubscriptionClient): Promise<void> {
    const products = events.flatMap(({ id, ...one }) =>
      one.of === 'product' ? [{ id, manufacturerId: one.event.data.manufacturerId }] : [],
    );
    const ofManufacturers = events.flatMap(({ id, ...one }) =>
      one.of === 'manufacturer' ? [{ id, event: one.event }] : [],
    );
    await saveProducts(client, products);
    await saveManufacturers(client, ofManufacturers);
  }

  /** What it remembers of earlier events stays right where only later ones are delivered again. */
  async forget(after: Position | undefined, client: SubscriptionClient): Promise<void> {
    if (after === undefined) await forgetAll(client);
  }

  isTransient(error: unknown): boolean {
    return isTransient(error) || mayPass(error);
  }

  /** Those up to the checkpoint, and those of the same batch. */
  private async *productsOf(
    manufacturer: string,
    earlier: readonly { readonly id: string }[],
  ): AsyncGenerator<string> {
    yield* productsOf(this.store.pool, manufacturer);
    for (const { id } of earlier) yield id;
  }

  private async assign(
    productId: string,
    manufacturerId: string,
    event: StoredEvent,
  ): Promise<void> {
    const fields = { process: assignCodesName, productId, manufacturerId };
    try {
      const entityCode = await this.codeNow(manufacturerId);
      if (entityCode === null) return;
      const meta = metaOf(event, productId, entityCode);
      const result = await assignProdCode(this.registry, productId, entityCode, meta);
      if (result) this.logger.info({ ...fields, entityCode }, 'a product code is assigned');
    } catch (error) {
      // The product keeps the code that it has; the others must not wait for it.
      const isRefused = error instanceof Refusal && !mayPass(error);
      if (!isRefused && !(error instanceof StreamGone)) throw error;
      this.logger.warn({ ...fields, err: error }, 'no product code is assigned');
    }
  }

  /** As `KnownManufacturers.codeOf`, of the manufacturers as they are now. */
  private async codeNow(manufacturer: string): Promise<string | null> {
    for (const one of this.manufacturers.answering(manufacturer)) {
      const { state } = await this.registry.manufacturers.refresh(one);
      if (state.status === 'registered' && state.code !== null) return state.code;
    }
    return null;
  }
}

const metaOf = (event: StoredEvent, productId: string, entityCode: string): CommandMeta => ({
  commandId: contentIdOf('assign-code', event.id, productId, entityCode),
  actor: { id: assignCodesName, kind: 'system', roles: ['service'] },
  source: 'process',
  occurredAt: event.metadata.occurredAt,
  correlationId: event.metadata.$correlationId,
  causationId: event.id,
  reason: `the manufacturer's EntityCode is ${entityCode}`,
});

/** As `apps/processes.ts` lists it. */
export const assignCodesProcess: DeclaredProcess<AssignCodesEvent> = {
  name: assignCodesName,
  forgets: 'which products each manufacturer has, and learns it anew; assigned codes stay',
  startOnly: null,
  read,
  follower: ({ log, store, logger }) => new AssignCodes(log, store, logger),
};
