import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { EsdbEventLog } from '#event-log/esdb.js';
import { handleCommand } from '#event-log/handle-command.js';
import { startTestNode, type TestNode } from '#testing/test-node.js';

import { assignProdCode } from './product/assign-code.js';
import { type ListedFacts, RecordCertification, SetElements } from './product/commands.js';
import { findProductId, productIdOfCode, requireProductId } from './product/find-product.js';
import { finishMerger } from './product/merge-product.js';
import { reconcileListing } from './product/reconcile-listing.js';
import { ProductRegistry } from './registry.js';
import { dyingLog } from './testing/halting-log.js';
import { merge, rename, split, stateOf, transfer } from './testing/identity.js';
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

interface Made {
  readonly id: string;
  readonly maker: string;
  readonly code: string;
}

const product = async (model = 'B-1'): Promise<Made> => {
  const code = uniqueCode();
  const maker = await makeManufacturer(fresh(), uniqueName(), { rule: 'manual', code });
  const { id } = await makeProduct(fresh(), maker, model);
  return { id, maker, code: (await stateOf(fresh(), id)).code ?? '' };
};
const twins = async () => ({ one: await product(), twin: await product() });

const set = (id: string, name: string, value: string) => {
  const { products } = fresh();
  const elements = { [name]: { value, unit: 'kWh' } };
  return handleCommand(log, products, id, new SetElements(id, { elements }, newMeta()));
};

const certify = (id: string, certificateDate: string) => {
  const fact = { agency: 'UL', standard: 'UL1973', edition: null, certificateDate };
  const { products } = fresh();
  return handleCommand(log, products, id, new RecordCertification(id, fact, newMeta()));
};

const row = (manufacturer: string, model: string, capacity: string): ListedFacts => ({
  ...{ list: 'cec-batteries', productType: 'ProdBattery', manufacturer, model },
  elements: { EnergyCapacityNominal: { value: capacity, unit: 'kWh' } },
});

const dying = (at: number) => new ProductRegistry(dyingLog(log, at));

const isOne = async ({ one, twin }: { one: Made; twin: Made }) => {
  for (const { maker, code } of [one, twin]) {
    expect(await findProductId(fresh(), maker, 'B-1')).toBe(one.id);
    expect(await productIdOfCode(fresh(), code)).toBe(one.id);
  }
  expect(await stateOf(fresh(), one.id)).toMatchObject({
    mergedInto: null,
    absorbed: [{ productId: twin.id, released: false }],
  });
};

describe('a product that is merged into another', () => {
  it('leads to it by its name and codes, and is refused by its own id', async () => {
    const { one, twin } = await twins();
    await merge(fresh(), twin.id, one.id);
    await isOne({ one, twin });
    await expect(set(twin.id, 'EnergyCapacityNominal', '5')).rejects.toMatchObject({
      code: 'PRODUCT_MERGED',
      details: { into: one.id },
    });
    await expect(transfer(fresh(), twin.id, one.maker)).rejects.toMatchObject({
      code: 'PRODUCT_MERGED',
    });
    expect(await requireProductId(fresh(), twin.code)).toBe(one.id);
    await expect(makeProduct(fresh(), twin.maker, 'B-1')).rejects.toMatchObject({
      details: { productId: one.id },
    });
  });

  it('gives it what it had not, and the newest certification stands', async () => {
    const { one, twin } = await twins();
    await set(one.id, 'EnergyCapacityNominal', '5.0');
    await set(twin.id, 'EnergyCapacityNominal', '6');
    await set(twin.id, 'EnergyCapacityUsable', '4');
    await certify(one.id, '2022-01-01');
    await certify(twin.id, '2025-01-01');
    await merge(fresh(), twin.id, one.id);
    const { elements, certifications } = await stateOf(fresh(), one.id);
    expect(elements['EnergyCapacityNominal']).toMatchObject({ value: { value: '5.0' } });
    expect(elements['EnergyCapacityUsable']).toMatchObject({
      value: { value: '4' },
      by: 'person',
    });
    expect(certifications).toMatchObject([
      { certificateDate: '2022-01-01', supersededBy: certifications[1]?.certificationId },
      { certificateDate: '2025-01-01', supersededBy: null },
    ]);
  });

  it('takes rows of lists to it', async () => {
    const { one, twin } = await twins();
    await reconcileListing(fresh(), row(twin.maker, 'B-1', '5.12'), newMeta());
    await merge(fresh(), twin.id, one.id);
    const same = await reconcileListing(fresh(), row(twin.maker, 'B-1', '5.12'), newMeta());
    expect(same).toMatchObject({ productId: one.id, outcome: 'unchanged' });
    const other = await reconcileListing(fresh(), row(twin.maker, 'B-1', '5.5'), newMeta());
    expect(other).toMatchObject({ productId: one.id, outcome: 'accepted' });
  });

  it('keeps the codes that it has', async () => {
    const { one, twin } = await twins();
    await merge(fresh(), twin.id, one.id);
    expect(await assignProdCode(fresh(), twin.id, uniqueCode(), newMeta())).toBeUndefined();
    // Nor does the other one get a code of a manufacturer that it is not of.
    const other = assignProdCode(fresh(), one.id, uniqueCode(), newMeta(), twin.maker);
    expect(await other).toBeUndefined();
  });

  it('is merged once: again changes nothing, into a third or back into itself is refused', async () => {
    const { one, twin } = await twins();
    const third = await product();
    const commandId = randomUUID();
    await merge(fresh(), twin.id, one.id, commandId);
    expect((await merge(fresh(), twin.id, one.id, commandId)).outcome).toBe('repeated');
    expect((await merge(fresh(), twin.id, one.code)).outcome).toBe('unchanged');
    await expect(merge(fresh(), twin.id, third.id)).rejects.toMatchObject({
      code: 'PRODUCT_MERGED',
      details: { into: one.id },
    });
    await expect(merge(fresh(), one.id, twin.code)).rejects.toMatchObject({
      code: 'PRODUCT_MERGE_CYCLE',
    });
    await merge(fresh(), one.id, third.id);
    expect((await merge(fresh(), twin.id, third.id)).outcome).toBe('unchanged');
    await expect(merge(fresh(), third.id, randomUUID())).rejects.toMatchObject({
      code: 'PRODUCT_UNKNOWN',
      kind: 'unprocessable',
    });
  });
});

describe('a merger that ends with its process', () => {
  it('after any append is brought to its end by the same command, by a row, or by another command', async () => {
    const ends = {
      again: ({ one, twin }: { one: Made; twin: Made }, commandId: string) =>
        merge(fresh(), twin.id, one.id, commandId),
      anew: ({ one, twin }: { one: Made; twin: Made }) => merge(fresh(), twin.id, one.id),
      'by whoever finishes it': ({ twin }: { twin: Made }) => finishMerger(fresh(), twin.id),
      row: ({ twin }: { twin: Made }) =>
        reconcileListing(fresh(), row(twin.maker, 'B-1', '5'), newMeta()),
    };
    for (const [name, end] of Object.entries(ends)) {
      for (const appends of [0, 1, 2]) {
        const made = await twins();
        const commandId = randomUUID();
        const crash = merge(dying(appends), made.twin.id, made.one.id, commandId);
        await expect(crash, `${name} after ${String(appends)}`).rejects.toThrow('the process');
        const isMerged = (await stateOf(fresh(), made.twin.id)).mergedInto !== null;
        expect(isMerged).toBe(appends === 2);
        if (!isMerged && !name.startsWith('a')) continue;
        await end(made, commandId);
        await isOne(made);
      }
    }
  });

  it('is undone only once it is at its end, and the undoing too is finished by whoever meets it', async () => {
    for (const appends of [0, 1]) {
      const { one, twin } = await twins();
      await merge(fresh(), twin.id, one.id);
      const commandId = randomUUID();
      await expect(split(dying(appends), twin.id, commandId)).rejects.toThrow('the process');
      if (appends === 0) await split(fresh(), twin.id, commandId);
      else await finishMerger(fresh(), twin.id);
      expect((await split(fresh(), twin.id, commandId)).outcome).not.toBe('accepted');
      expect((await stateOf(fresh(), twin.id)).mergedInto).toBeNull();
      expect(await productIdOfCode(fresh(), twin.code)).toBe(twin.id);
    }
  });
});

describe('a merger that is undone', () => {
  it('leaves both as they were', async () => {
    const { one, twin } = await twins();
    await set(one.id, 'EnergyCapacityNominal', '5.0');
    await set(twin.id, 'EnergyCapacityUsable', '4');
    await certify(one.id, '2022-01-01');
    await certify(twin.id, '2025-01-01');
    const before = [await stateOf(fresh(), one.id), await stateOf(fresh(), twin.id)];
    await merge(fresh(), twin.id, one.id);
    await split(fresh(), twin.id);
    expect(await stateOf(fresh(), one.id)).toEqual({
      ...before[0],
      absorbed: [expect.objectContaining({ productId: twin.id, released: true })],
    });
    expect(await stateOf(fresh(), twin.id)).toEqual({ ...before[1], wasSplit: true });
    expect(await findProductId(fresh(), twin.maker, 'B-1')).toBe(twin.id);
    // What finished it once does not begin it again.
    expect(await finishMerger(fresh(), twin.id)).toBeUndefined();
    expect((await split(fresh(), twin.id)).outcome).toBe('unchanged');
    await merge(fresh(), twin.id, one.id);
    await merge(fresh(), one.id, (await product()).id);
  });

  it('is refused once the product that answers has changed, was merged itself, or where there was none', async () => {
    const { one, twin } = await twins();
    await expect(split(fresh(), twin.id)).rejects.toMatchObject({ code: 'PRODUCT_NOT_MERGED' });
    await merge(fresh(), twin.id, one.id);
    const third = await product();
    await merge(fresh(), one.id, third.id);
    await expect(split(fresh(), twin.id)).rejects.toMatchObject({
      code: 'PRODUCT_MERGED',
      details: { into: third.id },
    });
    await split(fresh(), one.id);
    await set(one.id, 'EnergyCapacityNominal', '7');
    await expect(split(fresh(), twin.id)).rejects.toMatchObject({
      code: 'PRODUCT_CHANGED_SINCE_MERGER',
      details: { productId: one.id },
    });
  });

  it('is undone in the opposite order of several', async () => {
    const [one, a, b] = [await product(), await product(), await product()];
    await merge(fresh(), a.id, one.id);
    await merge(fresh(), b.id, one.id);
    await expect(split(fresh(), a.id)).rejects.toMatchObject({
      code: 'PRODUCT_CHANGED_SINCE_MERGER',
    });
    await split(fresh(), b.id);
    await split(fresh(), a.id);
    expect((await stateOf(fresh(), one.id)).answersFor).toEqual([]);
  });
});

describe('mergers at the same time', () => {
  it('both ways make one of the two the answer', async () => {
    for (let round = 0; round < 5; round += 1) {
      const { one, twin } = await twins();
      await Promise.allSettled([merge(fresh(), twin.id, one.id), merge(fresh(), one.id, twin.id)]);
      const found = await productIdOfCode(fresh(), one.code);
      expect(await productIdOfCode(fresh(), twin.code)).toBe(found);
      const states = [await stateOf(fresh(), one.id), await stateOf(fresh(), twin.id)];
      expect(states.filter(({ mergedInto }) => mergedInto === null)).toHaveLength(1);
    }
  });

  it('in a ring of three leave one that answers for all', async () => {
    const made = [await product(), await product(), await product()];
    const ids = made.map(({ id }) => id);
    await Promise.allSettled(
      ids.map((id, at) => merge(fresh(), id, ids[(at + 1) % ids.length] ?? '')),
    );
    const answers = await Promise.all(made.map(({ code }) => productIdOfCode(fresh(), code)));
    const states = await Promise.all(ids.map((id) => stateOf(fresh(), id)));
    const open = states.filter(({ mergedInto }) => mergedInto === null).length;
    expect(new Set(answers).size).toBe(open);
    expect(open).toBeGreaterThanOrEqual(1);
  });

  it('of a product that is renamed leave it with both names, or the new name unused', async () => {
    for (let round = 0; round < 5; round += 1) {
      const { one, twin } = await twins();
      const [, renamed] = await Promise.allSettled([
        merge(fresh(), twin.id, one.id),
        rename(fresh(), twin.id, 'B-2'),
      ]);
      expect(await findProductId(fresh(), twin.maker, 'B-1')).toBe(one.id);
      const found = await findProductId(fresh(), twin.maker, 'B-2');
      expect(found).toBe(renamed.status === 'fulfilled' ? one.id : undefined);
    }
  });
});
