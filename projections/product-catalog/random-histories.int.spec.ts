import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';

import { EsdbEventLog } from '#event-log/esdb.js';
import { handleCommand } from '#event-log/handle-command.js';
import { Refusal } from '#kernel/refusal.js';
import { elementInputs } from '#product-registry/product/arbitraries.fixture.js';
import { SetElements } from '#product-registry/product/commands.js';
import { ProductRegistry } from '#product-registry/registry.js';
import { merge, rename, split, transfer } from '#product-registry/testing/identity.js';
import { makeProduct, makeTwoManufacturers, newMeta } from '#product-registry/testing/make.js';
import { type ReadLog, readLog } from '#resource/test/read-log.fixture.js';
import { setTimes } from '#resource/test/set-times.fixture.js';
import { startOwnNode, type TestNode } from '#testing/test-node.js';

import { eventClock } from '../event-clock/event-clock.projection.js';
import { productFolding } from './product-view.js';
import { products } from './products.http.js';

const seed = Math.floor(Math.random() * 2 ** 31);
const one = fc.nat(2);
/** What is done to one of three products of two manufacturers. */
const change = fc.oneof(
  fc.record({ set: elementInputs, on: one }),
  fc.record({ model: fc.constantFrom('M-1', 'M-2', 'M-3', 'M-4'), on: one }),
  fc.record({ maker: fc.nat(1), on: one }),
  fc.record({ into: one, on: one }),
  fc.record({ split: fc.constant(true), on: one }),
);
const histories = fc.sample(fc.array(change, { minLength: 6, maxLength: 16 }), {
  numRuns: 3,
  seed,
});
type Change = (typeof histories)[number][number];

let node: TestNode;
let reading: ReadLog;
const ids: string[] = [];

const told = async (registry: ProductRegistry, changes: readonly Change[]): Promise<void> => {
  const makers = await makeTwoManufacturers(registry);
  const own: string[] = [];
  for (const model of ['A', 'B', 'C']) {
    own.push((await makeProduct(registry, makers[0], model)).id);
  }
  for (const what of changes) {
    await made(registry, what, own[what.on] ?? '', makers, own).catch((error: unknown) => {
      if (!(error instanceof Refusal)) throw error;
    });
  }
  ids.push(...own);
};

const made = (
  registry: ProductRegistry,
  what: Change,
  id: string,
  makers: readonly string[],
  own: readonly string[],
): Promise<unknown> => {
  if ('model' in what) return rename(registry, id, what.model);
  if ('maker' in what) return transfer(registry, id, makers[what.maker] ?? '');
  if ('into' in what) return merge(registry, id, own[what.into] ?? '');
  if ('split' in what) return split(registry, id);
  const set = new SetElements(id, { elements: what.set }, newMeta());
  return handleCommand(registry.log, registry.products, id, set);
};

beforeAll(async () => {
  node = await startOwnNode();
  const writing = EsdbEventLog.connect(node.url);
  for (const changes of histories) await told(new ProductRegistry(writing), changes);
  await writing.close();
  await node.kill();
  await setTimes(node.log.url, seed);
  await node.restart();
  reading = await readLog(node.url, eventClock);
});
afterAll(async () => {
  await reading.stop();
  await node.stop();
});

it(`as of the time that an item of a history shows, its event is contained (seed ${String(seed)})`, async () => {
  const reader = reading.newReader();
  const types = new Set<string>();
  const times = new Map<string, number>();
  for (const id of ids) {
    const { items } = await reader.history(products, id, { order: 'asc', limit: 1_000 });
    for (const { recordedAt, revision, event, of = id } of items) {
      types.add(event);
      times.set(recordedAt, (times.get(recordedAt) ?? 0) + 1);
      const at = new Date(recordedAt);
      const position = await reader.positionAt({ at });
      if (!position) throw new Error(`nothing was recorded by ${recordedAt}`);
      const version = await reader.folds.at(productFolding, of, position);
      expect(Number(version?.revision)).toBeGreaterThanOrEqual(revision);
      // Where it was merged by then, another product answers.
      const shown = await reader.itemAsOf(products, of, { at });
      if (shown.id === of) expect(shown.revision).toBe(Number(version?.revision));
    }
  }
  expect(types.size).toBeGreaterThan(2);
  expect(Math.max(...times.values())).toBeGreaterThan(1);
});
