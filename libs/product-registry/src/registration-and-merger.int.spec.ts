import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { EsdbEventLog } from '#event-log/esdb.js';
import type { EventLog } from '#event-log/event-log.js';
import { LogTail } from '#event-log/log-tail.js';
import { newIdOf } from '#kernel/ids.js';
import { startTestNode, type TestNode } from '#testing/test-node.js';

import { mergeManufacturer } from './manufacturer/change-manufacturer.js';
import { MergeManufacturer } from './manufacturer/commands.js';
import { findProductId } from './product/find-product.js';
import { reconcileListing } from './product/reconcile-listing.js';
import { ProductRegistry } from './registry.js';
import { haltingLog } from './testing/halting-log.js';
import { makeManufacturer, makeProduct, newMeta, uniqueName } from './testing/make.js';

let node: TestNode;
let log: EsdbEventLog;
let tail: LogTail;

beforeAll(async () => {
  node = await startTestNode();
  log = EsdbEventLog.connect(node.url);
  tail = new LogTail(log);
  await tail.start();
});
afterAll(async () => {
  await tail.stop();
  await log.close();
  await node.stop();
});

/** A process reads makers anew, or hears of their changes. */
let hears = false;
const processOn = (through: EventLog): ProductRegistry => {
  const registry = new ProductRegistry(through);
  if (hears) registry.follow(tail);
  return registry;
};
const fresh = () => processOn(log);

interface Makers {
  readonly absorbed: string;
  readonly into: string;
}

const twoMakers = async (): Promise<Makers> => ({
  absorbed: await makeManufacturer(fresh(), uniqueName()),
  into: await makeManufacturer(fresh(), uniqueName()),
});

const merge = ({ absorbed, into }: Makers) =>
  mergeManufacturer(fresh(), new MergeManufacturer(absorbed, { into }, newMeta()));

/** Ways to say that a maker has a model. Each resolves with the product's id, or rejects. */
const ways = {
  registration: (registry: ProductRegistry, maker: string, model: string, commandId: string) =>
    makeProduct(registry, maker, model, commandId).then(({ id }) => id),
  row: (registry: ProductRegistry, manufacturer: string, model: string, commandId: string) =>
    reconcileListing(
      registry,
      { list: 'cec-batteries', productType: 'ProdBattery', manufacturer, model, elements: {} },
      newMeta(commandId),
    ).then(({ productId }) => productId),
  'row of a new maker': (
    registry: ProductRegistry,
    manufacturer: string,
    model: string,
    commandId: string,
  ) =>
    reconcileListing(
      registry,
      { list: 'cec-batteries', productType: 'ProdBattery', manufacturer, model, elements: {} },
      newMeta(commandId),
      { isLikelyNew: true },
    ).then(({ productId }) => productId),
} as const;
type Way = keyof typeof ways;

const isRegistered = async (id: string): Promise<boolean> =>
  (await fresh().products.refresh(id)).state.status === 'registered';

/** Begins in one process and halts before one of its appends; `goOn` lets it end. */
const halted = async (appends: number, begin: (registry: ProductRegistry) => Promise<string>) => {
  let goOn: () => void = () => undefined;
  const pause = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  const slow = haltingLog(log, appends, () => pause);
  const outcome = begin(processOn(slow)).catch(() => undefined);
  expect(await slow.halted).toBe(true);
  return { outcome, goOn };
};

const quickWays = ['registration', 'row'] as const;

/** Every quick way against every number of appends before the halt, all at once. */
const everyWay = (
  appends: readonly number[],
  run: (appends: number, quick: Way) => Promise<void>,
): Promise<unknown> =>
  Promise.all(quickWays.flatMap((quick) => appends.map((count) => run(count, quick))));

describe.each([
  ['read', false],
  ['hear of', true],
] as const)('processes that %s changes of makers', (_, hearing) => {
  beforeAll(() => {
    hears = hearing;
  });

  describe.each(Object.keys(ways) as Way[])(
    'a model that two makers are given while one is merged into the other, by a %s that halts',
    (slowWay) => {
      it('under the absorbed maker after any append, is one product', () =>
        everyWay([0, 1, 2], async (appends, quickWay) => {
          const makers = await twoMakers();
          const model = `M-${randomUUID().slice(0, 8)}`;
          const [slowId, quickId] = [randomUUID(), randomUUID()];
          const slow = await halted(appends, (registry) =>
            ways[slowWay](registry, makers.absorbed, model, slowId),
          );
          await merge(makers);
          const quick = await ways[quickWay](fresh(), makers.into, model, quickId);
          slow.goOn();
          // A registration is refused; a row is about the product that is there.
          expect(await slow.outcome).toBe(slowWay === 'registration' ? undefined : quick);
          expect(await isRegistered(newIdOf(slowId))).toBe(false);
          expect(await findProductId(fresh(), makers.into, model)).toBe(quick);
        }));

      // Halted at its last append it has claimed its key before the merger, and counts as registered before it.
      it('under the answering maker after any append but the last, is one product', () =>
        everyWay([0, 1], async (appends, quickWay) => {
          const makers = await twoMakers();
          const model = `M-${randomUUID().slice(0, 8)}`;
          const [slowId, quickId] = [randomUUID(), randomUUID()];
          const slow = await halted(appends, (registry) =>
            ways[slowWay](registry, makers.into, model, slowId),
          );
          const quick = await ways[quickWay](fresh(), makers.absorbed, model, quickId);
          await merge(makers);
          slow.goOn();
          expect(await slow.outcome).toBe(slowWay === 'registration' ? undefined : quick);
          expect(await isRegistered(newIdOf(slowId))).toBe(false);
        }));
    },
  );

  describe('a model of a maker that was merged', () => {
    it('is one product for a process that has not heard of the merger', async () => {
      const makers = await twoMakers();
      const model = `M-${randomUUID().slice(0, 8)}`;
      const behind = fresh();
      await makeProduct(behind, makers.absorbed, 'warms the cache');
      await makeProduct(behind, makers.into, 'warms the cache');
      await merge(makers);
      const { id } = await makeProduct(fresh(), makers.into, model);
      await expect(makeProduct(behind, makers.absorbed, model)).rejects.toMatchObject({
        code: 'PRODUCT_EXISTS',
        details: { productId: id },
      });
    });
  });
});
