import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { EsdbEventLog } from '#event-log/esdb.js';
import { handleCommand } from '#event-log/handle-command.js';
import { Refusal } from '#kernel/refusal.js';
import { startTestNode, type TestNode } from '#testing/test-node.js';

import { SetElements } from './product/commands.js';
import { findProductId, productIdOfCode } from './product/find-product.js';
import { finishMerger } from './product/merge-product.js';
import { ProductRegistry } from './registry.js';
import { dyingLog, ProcessDied } from './testing/halting-log.js';
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
const dying = (at: number) => new ProductRegistry(dyingLog(log, at));

const set = (id: string, name: string, value: string) => {
  const { products } = fresh();
  const elements = { [name]: { value, unit: 'kWh' } };
  return handleCommand(log, products, id, new SetElements(id, { elements }, newMeta()));
};

describe('whatever happens to products', () => {
  const step = fc.record({
    what: fc.constantFrom('transfer', 'rename', 'merge', 'split', 'set', 'crash', 'register'),
    who: fc.nat(3),
    to: fc.nat(3),
    at: fc.nat(3),
  } as const);

  /** Refusals of the registry are part of it; anything else is an error. */
  const orRefused = async (work: Promise<unknown>): Promise<void> => {
    await work.catch((error: unknown) => {
      if (!(error instanceof Refusal) && !(error instanceof ProcessDied)) throw error;
    });
  };

  it('every code and every name that was ever given leads to one product', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 12 }), async (steps) => {
        const makers = [
          await makeManufacturer(fresh(), uniqueName(), { rule: 'manual', code: uniqueCode() }),
          await makeManufacturer(fresh(), uniqueName(), { rule: 'manual', code: uniqueCode() }),
        ];
        const makerAt = (at: number) => makers[at % makers.length] ?? '';
        const ids: string[] = [];
        for (const model of ['A', 'B', 'C', 'D'])
          ids.push((await makeProduct(fresh(), makerAt(ids.length), model)).id);
        for (const { what, who, to, at } of steps) {
          const [id, other] = [ids[who] ?? '', ids[to] ?? ''];
          if (what === 'transfer') await orRefused(transfer(fresh(), id, makerAt(to)));
          if (what === 'rename') await orRefused(rename(fresh(), id, `R${String(to)}`));
          if (what === 'merge') await orRefused(merge(fresh(), id, other));
          if (what === 'split') await orRefused(split(fresh(), id));
          if (what === 'set') await orRefused(set(id, 'EnergyCapacityNominal', String(to)));
          if (what === 'crash') await orRefused(merge(dying(at), id, other));
          if (what === 'register') {
            const made = makeProduct(fresh(), makerAt(who), `R${String(to)}`);
            await orRefused(made.then((one) => ids.push(one.id)));
          }
        }
        for (const id of ids) await finishMerger(fresh(), id);
        for (const id of ids) {
          const { identities, codes, absorbed, mergedInto } = await stateOf(fresh(), id);
          const answering = await productIdOfCode(fresh(), codes.at(-1) ?? '');
          for (const code of codes) expect(await productIdOfCode(fresh(), code)).toBe(answering);
          for (const { manufacturerId, modelKey } of identities)
            expect(await findProductId(fresh(), manufacturerId, modelKey)).toBe(answering);
          if (mergedInto === null) expect(answering).toBe(id);
          for (const one of absorbed.filter(({ released }) => !released)) {
            for (const { manufacturerId, modelKey } of one.identities)
              expect(await findProductId(fresh(), manufacturerId, modelKey)).toBe(answering);
          }
        }
      }),
      { numRuns: 15 },
    );
  }, 60_000);
});
