import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { EsdbEventLog } from '#event-log/esdb.js';
import { startTestNode, type TestNode } from '#testing/test-node.js';

import { mergeManufacturer } from './manufacturer/change-manufacturer.js';
import { MergeManufacturer } from './manufacturer/commands.js';
import type { ListedFacts } from './product/commands.js';
import { findProductId, productIdOfCode } from './product/find-product.js';
import { reconcileListing } from './product/reconcile-listing.js';
import { ProductRegistry } from './registry.js';
import { merge, rename, stateOf, transfer } from './testing/identity.js';
import { makeManufacturer, makeProduct, newMeta, uniqueCode, uniqueName } from './testing/make.js';

let node: TestNode;
let log: EsdbEventLog;

beforeAll(async () => {
  node = await startTestNode();
  log = EsdbEventLog.connect(node.url);
});
afterAll(async () => {
  await log.close();
  await node.stop();
});

const fresh = () => new ProductRegistry(log);
const coded = async () => {
  const code = uniqueCode();
  const id = await makeManufacturer(fresh(), uniqueName(), { rule: 'manual', code });
  return { id, code };
};
const row = (manufacturer: string, model: string): ListedFacts => ({
  ...{ list: 'cec-batteries', productType: 'ProdBattery', manufacturer, model },
  elements: { EnergyCapacityNominal: { value: '5.12', unit: 'kWh' } },
});

describe('a product that is transferred', () => {
  it('stays itself: both names and both codes lead to it, and rows of lists under either', async () => {
    const [from, to] = [await coded(), await coded()];
    const { id } = await makeProduct(fresh(), from.id, 'B-1');
    const result = await transfer(fresh(), id, to.id);
    expect(result.events).toEqual([
      {
        type: 'ProductTransferred',
        data: { manufacturerId: to.id, previous: from.id, from: '2025-07-01' },
      },
      {
        type: 'ProdCodeAssigned',
        data: { code: `${to.code}-B_1`, previous: `${from.code}-B_1` },
      },
    ]);
    for (const maker of [from.id, to.id]) {
      expect(await findProductId(fresh(), maker, 'B-1')).toBe(id);
      await expect(makeProduct(fresh(), maker, 'B-1')).rejects.toMatchObject({
        code: 'PRODUCT_EXISTS',
        details: { productId: id },
      });
      const { productId } = await reconcileListing(fresh(), row(maker, 'B-1'), newMeta());
      expect(productId).toBe(id);
      expect(await productIdOfCode(fresh(), `${maker === to.id ? to.code : from.code}-b_1`)).toBe(
        id,
      );
    }
  });

  it('is transferred once: again, to a maker that its own was merged into, and by the same command change nothing', async () => {
    const [from, to, third] = [await coded(), await coded(), await coded()];
    const { id } = await makeProduct(fresh(), from.id, 'B-1');
    const commandId = randomUUID();
    await transfer(fresh(), id, to.id, {}, commandId);
    expect((await transfer(fresh(), id, to.id, {}, commandId)).outcome).toBe('repeated');
    expect((await transfer(fresh(), id, to.id)).outcome).toBe('unchanged');
    const merged = new MergeManufacturer(to.id, { into: third.id }, newMeta());
    await mergeManufacturer(fresh(), merged);
    expect((await transfer(fresh(), id, third.id)).outcome).toBe('unchanged');
  });

  it('goes back, with the code that it had', async () => {
    const [from, to] = [await coded(), await coded()];
    const { id } = await makeProduct(fresh(), from.id, 'B-1');
    await transfer(fresh(), id, to.id);
    await transfer(fresh(), id, from.id);
    expect(await stateOf(fresh(), id)).toMatchObject({
      code: `${from.code}-B_1`,
      codes: [`${to.code}-B_1`, `${from.code}-B_1`],
      identities: [
        { manufacturerId: to.id, modelKey: 'B-1' },
        { manufacturerId: from.id, modelKey: 'B-1' },
      ],
    });
  });

  it('is not found under a former name that was an error, which another product may take', async () => {
    const [from, to] = [await coded(), await coded()];
    const { id } = await makeProduct(fresh(), from.id, 'B-1');
    const registry = fresh();
    expect(await findProductId(registry, from.id, 'B-1')).toBe(id);
    await transfer(fresh(), id, to.id, { release: true });
    expect(await findProductId(registry, from.id, 'B-1')).toBeUndefined();
    const { id: another } = await makeProduct(fresh(), from.id, 'B-1');
    expect(await findProductId(registry, from.id, 'B-1')).toBe(another);
    // Codes are never reused.
    expect(await productIdOfCode(fresh(), `${from.code}-B_1`)).toBe(id);
    expect((await stateOf(fresh(), another)).code).toBe(`${from.code}-B_1-1`);
  });

  it('is refused where the other maker, or one merged into it, has the model', async () => {
    const [from, to, kin] = [await coded(), await coded(), await coded()];
    const { id } = await makeProduct(fresh(), from.id, 'B-1');
    const { id: other } = await makeProduct(fresh(), kin.id, 'B-1');
    await mergeManufacturer(fresh(), new MergeManufacturer(kin.id, { into: to.id }, newMeta()));
    await expect(transfer(fresh(), id, to.id)).rejects.toMatchObject({
      code: 'PRODUCT_EXISTS',
      details: { productId: other },
    });
    await expect(transfer(fresh(), id, 'nobody of this name')).rejects.toMatchObject({
      code: 'MANUFACTURER_UNKNOWN',
      kind: 'unprocessable',
    });
    await expect(transfer(fresh(), randomUUID(), to.id)).rejects.toMatchObject({
      code: 'PRODUCT_UNKNOWN',
    });
  });

  it('races with a registration of the model under the other maker: one of the two is refused', async () => {
    for (let round = 0; round < 5; round += 1) {
      const [from, to] = [await coded(), await coded()];
      const { id } = await makeProduct(fresh(), from.id, 'B-1');
      const outcomes = await Promise.allSettled([
        transfer(fresh(), id, to.id),
        makeProduct(fresh(), to.id, 'B-1'),
      ]);
      const refused = outcomes.filter(({ status }) => status === 'rejected');
      expect(refused).toHaveLength(1);
      expect(refused[0]).toMatchObject({ reason: { code: 'PRODUCT_EXISTS' } });
    }
  });
});

describe('a model that is renamed', () => {
  it('leads to its product by both spellings, with a code of the new one', async () => {
    const maker = await coded();
    const { id } = await makeProduct(fresh(), maker.id, 'JHS-40');
    const { events } = await rename(fresh(), id, ' JHS-  4.0 ');
    expect(events).toEqual([
      {
        type: 'ModelRenamed',
        data: { model: 'JHS-4.0', previous: 'JHS-40', raw: { model: ' JHS-  4.0 ' } },
      },
      {
        type: 'ProdCodeAssigned',
        data: { code: `${maker.code}-JHS_4_0`, previous: `${maker.code}-JHS_40` },
      },
    ]);
    for (const model of ['JHS-40', 'JHS-4.0']) {
      const { productId } = await reconcileListing(fresh(), row(maker.id, model), newMeta());
      expect(productId).toBe(id);
    }
    // A spelling of the same code brings no other code.
    expect((await rename(fresh(), id, 'jhs-4.0')).events).toHaveLength(1);
    expect((await rename(fresh(), id, 'jhs- 4.0')).outcome).toBe('unchanged');
  });

  it('is refused where another product has or had the name', async () => {
    const maker = await coded();
    const { id } = await makeProduct(fresh(), maker.id, 'A');
    const { id: other } = await makeProduct(fresh(), maker.id, 'B');
    await rename(fresh(), other, 'C');
    for (const model of ['B', 'C']) {
      await expect(rename(fresh(), id, model)).rejects.toMatchObject({
        code: 'PRODUCT_EXISTS',
        details: { productId: other },
      });
    }
    await expect(rename(fresh(), id, 'x'.repeat(80))).rejects.toMatchObject({
      code: 'PROD_CODE_TOO_LONG',
    });
  });

  it('holds where it is transferred at the same time: the product is found by what it is called in the end', async () => {
    for (let round = 0; round < 5; round += 1) {
      const [from, to] = [await coded(), await coded()];
      const { id } = await makeProduct(fresh(), from.id, 'A');
      await Promise.all([transfer(fresh(), id, to.id), rename(fresh(), id, 'B')]);
      const { identities } = await stateOf(fresh(), id);
      expect(identities.at(-1)).toEqual({ manufacturerId: to.id, modelKey: 'B' });
      for (const { manufacturerId, modelKey } of identities)
        expect(await findProductId(fresh(), manufacturerId, modelKey)).toBe(id);
    }
  });

  it('may take the name of a product that was merged into it', async () => {
    const maker = await coded();
    const { id } = await makeProduct(fresh(), maker.id, 'A');
    const { id: twin } = await makeProduct(fresh(), maker.id, 'A ‐ x');
    await merge(fresh(), twin, id);
    await rename(fresh(), id, 'A ‐ x');
    expect(await findProductId(fresh(), maker.id, 'A ‐ x')).toBe(id);
    expect((await stateOf(fresh(), id)).identities.at(-1)?.modelKey).toBe('A ‐ x');
  });
});
