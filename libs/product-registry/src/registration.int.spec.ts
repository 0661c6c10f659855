import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { EsdbEventLog } from '#event-log/esdb.js';
import { keyOwner } from '#event-log/key/claim-key.js';
import type { Key } from '#kernel/decider.js';
import { newIdOf } from '#kernel/ids.js';
import { startTestNode, type TestNode } from '#testing/test-node.js';

import { prodCodeOf } from './codes.js';
import { prodCodeKey, productKey, type RegisteredProduct } from './product/decider.js';
import { findProductId, productIdOfCode, requireProductId } from './product/find-product.js';
import { ProductRegistry } from './registry.js';
import { haltingLog, ProcessDied } from './testing/halting-log.js';
import { makeManufacturer, makeProduct, uniqueName } from './testing/make.js';

let node: TestNode;
let log: EsdbEventLog;
let registry: ProductRegistry;

beforeAll(async () => {
  node = await startTestNode();
  log = EsdbEventLog.connect(node.url);
  registry = new ProductRegistry(log);
});
afterAll(async () => {
  await log.close();
  await node.stop();
});

const freshRegistry = () => new ProductRegistry(log);

const registeredState = async (id: string): Promise<RegisteredProduct> => {
  const { state } = await freshRegistry().products.refresh(id);
  if (state.status === 'absent') throw new Error(`${id} is not registered`);
  return state;
};

const isRegistered = async (id: string): Promise<boolean> =>
  (await freshRegistry().products.refresh(id)).state.status === 'registered';

const codeOfMaker = async (maker: string): Promise<string> => {
  const { state } = await freshRegistry().manufacturers.refresh(maker);
  return state.status === 'registered' ? (state.code ?? '') : '';
};

describe('registering a product', () => {
  it('gives it the maker’s code, and finds it by key, id and code', async () => {
    const maker = await makeManufacturer(registry, uniqueName());
    const { id, result } = await makeProduct(registry, maker, 'EFL- 48.5');
    const code = `${await codeOfMaker(maker)}-EFL_48_5`;
    expect(result).toMatchObject({ outcome: 'accepted', revision: 0n });
    expect(await registeredState(id)).toMatchObject({ model: 'EFL-48.5', code });
    expect(await findProductId(freshRegistry(), maker, 'EFL-48.5')).toBe(id);
    expect(await requireProductId(freshRegistry(), code.toLowerCase())).toBe(id);
    expect(await requireProductId(freshRegistry(), id.toUpperCase())).toBe(id);
  });

  it('names a manufacturer in any case and spacing', async () => {
    const name = uniqueName();
    const maker = await makeManufacturer(registry, name);
    const { id } = await makeProduct(freshRegistry(), `  ${name.toUpperCase()} `, 'A');
    expect((await registeredState(id)).registration.manufacturerId).toBe(maker);
  });

  it('answers a repeated command with its first result', async () => {
    const maker = await makeManufacturer(registry, uniqueName());
    const commandId = randomUUID();
    const first = await makeProduct(registry, maker, 'B', commandId);
    const again = await makeProduct(freshRegistry(), maker, 'B', commandId);
    expect(again).toMatchObject({
      id: first.id,
      result: { outcome: 'repeated', revision: 0n, position: first.result.position },
    });
    await expect(makeProduct(registry, maker, 'C', commandId)).rejects.toMatchObject({
      code: 'IDEMPOTENCY_KEY_REUSED',
    });
  });

  it('refuses a second product of the same maker and model', async () => {
    const maker = await makeManufacturer(registry, uniqueName());
    const { id } = await makeProduct(registry, maker, 'RB-5.1H');
    await expect(makeProduct(freshRegistry(), maker, 'RB-\n5.1H ')).rejects.toMatchObject({
      code: 'PRODUCT_EXISTS',
      kind: 'conflict',
      details: { productId: id },
    });
  });

  it('numbers products of the same code in order of arrival', async () => {
    const maker = await makeManufacturer(registry, uniqueName());
    const entityCode = await codeOfMaker(maker);
    const ids: string[] = [];
    for (const model of ['a.b', 'a/b', 'A b'])
      ids.push((await makeProduct(registry, maker, model)).id);
    const codes = await Promise.all(ids.map(async (id) => (await registeredState(id)).code));
    expect(codes).toEqual([`${entityCode}-A_B`, `${entityCode}-A_B-1`, `${entityCode}-A_B-2`]);
  });

  it('gives 8 concurrent products of one code 8 different codes', async () => {
    const maker = await makeManufacturer(registry, uniqueName());
    const models = ['.', '/', ' ', '+', '*', '(', '=', ')'].map((sign) => `x${sign}y`);
    const made = await Promise.all(
      models.map((model) => makeProduct(freshRegistry(), maker, model)),
    );
    const codes = await Promise.all(made.map(async ({ id }) => (await registeredState(id)).code));
    expect(new Set(codes).size).toBe(8);
    for (const [index, code] of codes.entries()) {
      expect(await productIdOfCode(freshRegistry(), code ?? '')).toBe(made[index]?.id);
    }
  });

  it('registers one of 8 concurrent requests for the same product', async () => {
    const maker = await makeManufacturer(registry, uniqueName());
    const model = `M-${randomUUID().slice(0, 8)}`;
    const results = await Promise.allSettled(
      Array.from({ length: 8 }, () => makeProduct(freshRegistry(), maker, model)),
    );
    const made = results.filter((result) => result.status === 'fulfilled');
    expect(made).toHaveLength(1);
    for (const result of results) {
      if (result.status === 'rejected') {
        expect(result.reason).toMatchObject({ code: 'PRODUCT_EXISTS' });
      }
    }
    const id = made[0]?.value.id ?? '';
    expect(await findProductId(freshRegistry(), maker, model)).toBe(id);
    expect((await registeredState(id)).code).toBe(prodCodeOf(await codeOfMaker(maker), model));
  });

  it('leaves no claim behind where it is refused', async () => {
    const maker = await makeManufacturer(registry, uniqueName());
    const model = 'x'.repeat(60);
    await expect(makeProduct(registry, maker, model)).rejects.toMatchObject({
      code: 'PROD_CODE_TOO_LONG',
    });
    expect(await keyOwner(log, productKey(maker, model))).toBeUndefined();
    await expect(makeProduct(registry, uniqueName(), 'A')).rejects.toMatchObject({
      code: 'MANUFACTURER_UNKNOWN',
      kind: 'unprocessable',
    });
  });

  it('leaves no claim behind where its code is taken and has no room for a number', async () => {
    const maker = await makeManufacturer(registry, uniqueName());
    const longest = 'x'.repeat(49 - (await codeOfMaker(maker)).length);
    await makeProduct(registry, maker, `${longest.slice(1)}.`);
    const model = `${longest.slice(1)}/`;
    await expect(makeProduct(registry, maker, model)).rejects.toMatchObject({
      code: 'PROD_CODE_TOO_LONG',
    });
    expect(await keyOwner(log, productKey(maker, model))).toBeUndefined();
  });

  it('uses up no code where the product is registered already', async () => {
    const maker = await makeManufacturer(registry, uniqueName());
    await makeProduct(registry, maker, 'D');
    await expect(makeProduct(freshRegistry(), maker, 'D')).rejects.toMatchObject({
      code: 'PRODUCT_EXISTS',
    });
    const next = prodCodeOf(await codeOfMaker(maker), 'D', 1);
    expect(await keyOwner(log, prodCodeKey(next))).toBeUndefined();
  });

  it('registers without a code where the maker has none', async () => {
    const maker = await makeManufacturer(registry, uniqueName(), null);
    const { id } = await makeProduct(registry, maker, 'A');
    expect((await registeredState(id)).code).toBeNull();
  });
});

/** Appends of one registration: the two claims and the product's own. */
const steps = [0, 1, 2];

describe.each(steps)('a registration that halts after %i appends', (appends) => {
  const setUp = async () => {
    const maker = await makeManufacturer(registry, uniqueName());
    const model = `K-${randomUUID().slice(0, 8)}`;
    const code = prodCodeOf(await codeOfMaker(maker), model);
    return { maker, model, keys: [productKey(maker, model), prodCodeKey(code)] };
  };

  const expectHeldBy = async (keys: readonly Key[], id: string): Promise<void> => {
    for (const key of keys) {
      expect(await freshRegistry().holderOf(freshRegistry().products, key)).toBe(id);
    }
  };

  const died = () => Promise.reject(new ProcessDied());

  it('for ever leaves its keys to a competitor, and then refuses its own repetition', async () => {
    const { maker, model, keys } = await setUp();
    const commandId = randomUUID();
    const dying = new ProductRegistry(haltingLog(log, appends, died));
    await expect(makeProduct(dying, maker, model, commandId)).rejects.toBeInstanceOf(ProcessDied);
    const competitor = await makeProduct(freshRegistry(), maker, model);
    await expectHeldBy(keys, competitor.id);
    await expect(makeProduct(freshRegistry(), maker, model, commandId)).rejects.toMatchObject({
      code: 'PRODUCT_EXISTS',
    });
    expect(await isRegistered(newIdOf(commandId))).toBe(false);
    await expectHeldBy(keys, competitor.id);
  });

  it('for ever is finished by its own repetition', async () => {
    const { maker, model, keys } = await setUp();
    const commandId = randomUUID();
    const dying = new ProductRegistry(haltingLog(log, appends, died));
    await expect(makeProduct(dying, maker, model, commandId)).rejects.toBeInstanceOf(ProcessDied);
    const again = await makeProduct(freshRegistry(), maker, model, commandId);
    await expectHeldBy(keys, again.id);
  });

  it('for a while loses to a competitor that went on, and holds nothing', async () => {
    const { maker, model, keys } = await setUp();
    const commandId = randomUUID();
    let goOn: () => void = () => undefined;
    const pause = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    const paused = haltingLog(log, appends, () => pause);
    const slow = makeProduct(new ProductRegistry(paused), maker, model, commandId);
    const outcome = expect(slow).rejects.toMatchObject({ code: 'PRODUCT_EXISTS' });
    expect(await paused.halted).toBe(true);
    const competitor = await makeProduct(freshRegistry(), maker, model);
    goOn();
    await outcome;
    expect(await isRegistered(newIdOf(commandId))).toBe(false);
    await expectHeldBy(keys, competitor.id);
  });

  it('and goes on together with a competitor: one of the two has the product', async () => {
    const { maker, model, keys } = await setUp();
    const commandId = randomUUID();
    const dying = new ProductRegistry(haltingLog(log, appends, died));
    await expect(makeProduct(dying, maker, model, commandId)).rejects.toBeInstanceOf(ProcessDied);
    const results = await Promise.allSettled([
      makeProduct(freshRegistry(), maker, model, commandId),
      makeProduct(freshRegistry(), maker, model),
    ]);
    const made = results.flatMap((result) =>
      result.status === 'fulfilled' ? [result.value.id] : [],
    );
    expect(made).toHaveLength(1);
    await expectHeldBy(keys, made[0] ?? '');
  });
});
