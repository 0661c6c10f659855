import {
  type EventLog,
  type Position,
  type StoredEvent,
  StreamGone,
} from '#event-log/event-log.js';
import { mayPass } from '#event-log/key/retry-forfeited.js';
import type { ReadEvent } from '#event-log/reading.js';
import type { CommandMeta } from '#kernel/command.js';
import { contentIdOf } from '#kernel/ids.js';
import { Refusal } from '#kernel/refusal.js';
import type { ReadStore, StoreLogger } from '#read-store/read-store.js';
import { type Follower, isTransient, type SubscriptionClient } from '#subscription/follower.js';
import type { DeclaredProcess } from '#subscription/process.js';
import type { Scope } from '#subscription/source.js';

import { type AssignCodesEvent, changeOf, type OfProduct, read } from './assign-codes.events.js';
import { KnownManufacturers } from './assign-codes.manufacturers.js';
import {
  forgetAll,
  loadManufacturers,
  productsOf,
  type RegisteredProduct,
  saveManufacturers,
  saveProducts,
} from './assign-codes.store.js';
import { entityCodeOf } from './codes.js';
import type { ManufacturerEvent } from './manufacturer/events.js';
import { assignProdCode } from './product/assign-code.js';
import { finishMerger } from './product/merge-product.js';
import { identityOf } from './product/names.js';
import { uniteTwins } from './product/unite-twins.js';
import { ProductRegistry } from './registry.js';

/** Permanent: names the checkpoint and the actor. */
export const assignCodesName = 'assign-codes';

/**
 * Gives a manufacturer's products their codes when its EntityCode is issued or replaced, or when it is
 * merged into a manufacturer that has one. Makes products one that a merger of manufacturers left with the
 * same model, and brings mergers of products to their end that stopped half-way.
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
    const earlier: RegisteredProduct[] = [];
    for (const { id, ...one } of events) {
      signal.throwIfAborted();
      if (one.of === 'product') {
        earlier.push(...changeOf(id, one.event));
        await this.actOnProduct(id, one.event);
      } else if (this.manufacturers.learn(id, one.event)) {
        await this.actOnManufacturer(id, one.event, earlier, signal);
      }
    }
  }

  private async actOnProduct(id: string, event: ReadEvent<OfProduct>): Promise<void> {
    switch (event.type) {
      case 'ProductRegistered': {
        const { manufacturerId, code } = event.data;
        // Both as of this event: only a product that was registered on an older state differs.
        const expected = this.manufacturers.codeOf(manufacturerId);
        const actual = code === null ? null : entityCodeOf(code);
        if (expected !== null && expected !== actual) await this.assign(id, manufacturerId, event);
        // Registered while its manufacturer was merged.
        const others = this.manufacturers.family(manufacturerId);
        if (others.length > 1) await this.unite(id, manufacturerId, others, event);
        return;
      }
      case 'ProductTransferred':
        return this.assign(id, event.data.manufacturerId, event);
      case 'ProductMerged':
        return this.orRefused(
          { productId: id },
          'a merger of products is not finished',
          async () => {
            await finishMerger(this.registry, id);
          },
        );
      case 'ProductReleased': {
        const { productId } = event.data;
        return this.orRefused({ productId }, 'a merger of products is not undone', async () => {
          await finishMerger(this.registry, productId);
        });
      }
      case 'ProductSplit': {
        // Its manufacturer's code may be another one by now.
        const { state } = await this.registry.products.refresh(id);
        if (state.status === 'registered')
          await this.assign(id, identityOf(state).manufacturerId, event);
      }
    }
  }

  private async actOnManufacturer(
    id: string,
    event: ReadEvent<ManufacturerEvent>,
    earlier: readonly RegisteredProduct[],
    signal: AbortSignal,
  ): Promise<void> {
    await this.registry.manufacturers.refresh(id);
    for (const manufacturer of this.manufacturers.dependingOn(id)) {
      for await (const productId of this.productsOf(manufacturer, earlier)) {
        signal.throwIfAborted();
        await this.assign(productId, manufacturer, event);
      }
    }
    if (event.type !== 'ManufacturerMerged') return;
    const merged = this.manufacturers.mergedInto(id);
    const others = this.manufacturers.family(id).filter((one) => !merged.includes(one));
    for (const manufacturer of merged) {
      for await (const productId of this.productsOf(manufacturer, earlier)) {
        signal.throwIfAborted();
        await this.unite(productId, manufacturer, others, event);
      }
    }
  }

  async handle(events: readonly AssignCodesEvent[], client: SubscriptionClient): Promise<void> {
    const products = events.flatMap(({ id, ...one }) =>
      one.of === 'product' ? changeOf(id, one.event) : [],
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
    earlier: readonly RegisteredProduct[],
  ): AsyncGenerator<string> {
    yield* productsOf(this.store.pool, manufacturer);
    for (const { id, manufacturerId } of earlier) if (manufacturerId === manufacturer) yield id;
  }

  private async assign(
    productId: string,
    manufacturerId: string,
    event: StoredEvent,
  ): Promise<void> {
    const fields = { process: assignCodesName, productId, manufacturerId };
    await this.orRefused(fields, 'no product code is assigned', async () => {
      const entityCode = await this.codeNow(manufacturerId);
      if (entityCode === null) return;
      const meta = metaOf(event, productId, entityCode);
      const result = await assignProdCode(
        this.registry,
        productId,
        entityCode,
        meta,
        manufacturerId,
      );
      if (result) this.logger.info({ ...fields, entityCode }, 'a product code is assigned');
    });
  }

  private async unite(
    productId: string,
    manufacturerId: string,
    others: readonly string[],
    event: StoredEvent,
  ): Promise<void> {
    const fields = { process: assignCodesName, productId, manufacturerId };
    await this.orRefused(fields, 'products of one model are not united', async () => {
      const name = { productId, manufacturerId };
      for (const united of await uniteTwins(this.registry, name, others, event, assignCodesName))
        this.logger.info({ ...fields, ...united }, 'products of one model are united');
    });
  }

  /** What is refused for good leaves a product as it is; the others must not wait for it. */
  private async orRefused(
    fields: object,
    message: string,
    work: () => Promise<void>,
  ): Promise<void> {
    try {
      await work();
    } catch (error) {
      const isRefused = error instanceof Refusal && !mayPass(error);
      if (!isRefused && !(error instanceof StreamGone)) throw error;
      this.logger.warn({ process: assignCodesName, ...fields, err: error }, message);
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
