import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { EsdbEventLog } from '#event-log/esdb.js';
import type { NewEvent } from '#event-log/event-log.js';
import { startTestNode, type TestNode } from '#testing/test-node.js';

import { resolveManufacturer } from '../manufacturer/resolve-manufacturer.js';
import { findProductId } from '../product/find-product.js';
import { isDeclined } from '../product/listed-names.js';
import { reconcileListing } from '../product/reconcile-listing.js';
import { ProductRegistry } from '../registry.js';
import { dyingLog, haltingLog, ProcessDied } from '../testing/halting-log.js';
import { merge, rename, stateOf, transfer } from '../testing/identity.js';
import { makeManufacturer, makeProduct, newMeta, uniqueName } from '../testing/make.js';
import { type AcceptedProposal, acceptProposal, declineProposal } from './decide-proposal.js';

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

/** A product `B-1` of a manufacturer of its own, and what a row of a list calls it. */
const proposed = async (
  kind: 'rename' | 'transfer',
  { model = 'B-1', isKnown = false } = {},
): Promise<AcceptedProposal & { readonly maker: string }> => {
  const name = uniqueName();
  const maker = await makeManufacturer(fresh(), name);
  const { id: productId } = await makeProduct(fresh(), maker, 'B-1');
  const manufacturer = kind === 'rename' ? name.replace('Inc.', ', Inc') : uniqueName();
  if (isKnown) await makeManufacturer(fresh(), manufacturer);
  return {
    ...{ maker, productId, about: { manufacturer, model } },
    proposal: { kind, manufacturer: name, model: 'B-1' },
    ...{ list: 'cec-batteries', asOf: '2026-02-11', issueCodes: true },
  };
};

/** By which name the product is found, and under whom it stands. */
const found = async ({ about, productId }: AcceptedProposal) => {
  const registry = fresh();
  const maker = await resolveManufacturer(registry, about.manufacturer);
  if (!maker) return { isFound: false };
  const { identities, code } = await stateOf(registry, productId);
  return {
    isFound: (await findProductId(registry, maker.id, about.model)) === productId,
    isOwn: identities.at(-1)?.manufacturerId === maker.id,
    model: identities.at(-1)?.modelKey,
    code,
  };
};

const kinds = [
  { kind: 'rename', isKnown: false, model: 'B-1' },
  { kind: 'rename', isKnown: true, model: 'B-1' },
  { kind: 'rename', isKnown: false, model: 'b–1' },
  { kind: 'rename', isKnown: true, model: 'b–1' },
  { kind: 'transfer', isKnown: false, model: 'B-1' },
  { kind: 'transfer', isKnown: true, model: 'B-1' },
] as const;

describe('a proposal that is accepted', () => {
  it.each(kinds)(
    'makes what the row says a name of the product, once ($kind, known: $isKnown, $model)',
    async ({ kind, ...more }) => {
      const one = await proposed(kind, more);
      const first = await acceptProposal(fresh(), one, newMeta());
      expect(first).toMatchObject({ productId: one.productId, outcome: 'accepted' });
      expect(first.position).toBeDefined();
      const after = await found(one);
      expect(after).toMatchObject({ isFound: true, isOwn: true, model: more.model });
      const named = await resolveManufacturer(fresh(), one.about.manufacturer);
      expect(after.code?.startsWith(`${named?.state.code ?? '?'}-B`)).toBe(true);
      expect(named?.id === one.maker).toBe(kind === 'rename' && !more.isKnown);
      // Under its former name as well.
      expect(await findProductId(fresh(), one.maker, 'B-1')).toBe(one.productId);
      const again = await acceptProposal(fresh(), one, newMeta());
      expect(again).toEqual({
        productId: one.productId,
        outcome: 'unchanged',
        position: undefined,
      });
    },
  );

  it('says since when the other manufacturer has the product: the date of the list, or today', async () => {
    for (const [asOf, from] of [
      ['2026-02-11', '2026-02-11'],
      [null, newMeta().occurredAt.slice(0, 10)],
    ] as const) {
      const one = { ...(await proposed('transfer')), asOf };
      await acceptProposal(fresh(), one, newMeta());
      const events = [];
      for await (const { type, data } of log.readStream(`product-${one.productId}`)) {
        if (type === 'ProductTransferred') events.push(data['from']);
      }
      expect(events).toEqual([from]);
    }
  });

  it('gives no code by rule where the import gives none', async () => {
    const one = { ...(await proposed('transfer')), issueCodes: false };
    await acceptProposal(fresh(), one, newMeta());
    const named = await resolveManufacturer(fresh(), one.about.manufacturer);
    expect(named?.state.code).toBeNull();
  });

  it.each(kinds)(
    'comes to the same where its process died at any append ($kind, known: $isKnown, $model)',
    async ({ kind, ...more }) => {
      let deaths = 0;
      for (let appends = 0; ; appends += 1) {
        const one = await proposed(kind, more);
        const commandId = randomUUID();
        const dying = new ProductRegistry(dyingLog(log, appends));
        const end = await acceptProposal(dying, one, newMeta(commandId)).catch(
          (error: unknown) => error,
        );
        await acceptProposal(fresh(), one, newMeta(commandId));
        expect(await found(one)).toMatchObject({ isFound: true, isOwn: true, model: more.model });
        if (!(end instanceof ProcessDied)) break;
        deaths += 1;
      }
      // A claim and its use at least.
      expect(deaths).toBeGreaterThan(1);
    },
  );

  it('goes on by another command where the first one died half way', async () => {
    const one = await proposed('rename', { model: 'b–1', isKnown: true });
    for (let appends = 0; appends < 12; appends += 1) {
      const dying = new ProductRegistry(dyingLog(log, appends));
      await acceptProposal(dying, one, newMeta()).catch(() => undefined);
    }
    expect(await found(one)).toMatchObject({ isFound: true, isOwn: true, model: 'b–1' });
  });

  it('is refused where the product is called otherwise by now', async () => {
    const one = await proposed('rename');
    await rename(fresh(), one.productId, 'B-2');
    const outdated = { code: 'PROPOSAL_OUTDATED', kind: 'conflict' };
    await expect(acceptProposal(fresh(), one, newMeta())).rejects.toMatchObject(outdated);
    const other = await proposed('transfer');
    const third = await makeManufacturer(fresh(), uniqueName());
    await transfer(fresh(), other.productId, third);
    await expect(acceptProposal(fresh(), other, newMeta())).rejects.toMatchObject(outdated);
  });

  it('is refused where a newer list named the product as it is', async () => {
    for (const kind of ['rename', 'transfer'] as const) {
      const one = await proposed(kind, { isKnown: true });
      const names = { manufacturer: one.maker, model: 'B-1' };
      const said = { list: one.list, productType: 'ProdBattery', elements: {}, ...names } as const;
      const asOf = '2026-03-11';
      await reconcileListing(fresh(), { ...said, asOf }, newMeta());
      await expect(acceptProposal(fresh(), one, newMeta())).rejects.toMatchObject({
        ...{ code: 'PROPOSAL_OUTDATED', kind: 'conflict', details: { asOf } },
      });
      expect((await found(one)).isFound).toBe(false);
      // One of the same day is not newer.
      await acceptProposal(fresh(), { ...one, asOf }, newMeta());
      expect(await found(one)).toMatchObject({ isFound: true, isOwn: true });
    }
  });

  it('is refused where the product is called otherwise while it is carried out', async () => {
    const one = await proposed('transfer', { isKnown: true });
    const third = await makeManufacturer(fresh(), uniqueName());
    const meanwhile = async () => {
      await transfer(fresh(), one.productId, third);
    };
    const isMove = (events: readonly NewEvent[]) =>
      events.some(({ type }) => type === 'ProductTransferred');
    const slow = new ProductRegistry(haltingLog(log, isMove, meanwhile));
    await expect(acceptProposal(slow, one, newMeta())).rejects.toMatchObject({
      code: 'PROPOSAL_OUTDATED',
    });
    const { identities } = await stateOf(fresh(), one.productId);
    expect(identities.map(({ manufacturerId }) => manufacturerId)).toEqual([one.maker, third]);
  });

  it('is refused before anything is changed where another product has the name', async () => {
    for (const isKnown of [true, false]) {
      const one = await proposed('rename', { isKnown, model: 'B-9' });
      const holder = isKnown ? one.about.manufacturer : one.maker;
      const { id } = await makeProduct(fresh(), holder, 'B-9');
      await expect(acceptProposal(fresh(), one, newMeta())).rejects.toMatchObject({
        code: 'PRODUCT_EXISTS',
        details: { productId: id },
      });
      const maker = await resolveManufacturer(fresh(), one.about.manufacturer);
      expect(maker !== undefined).toBe(isKnown);
    }
  });

  it('is a further name of its former manufacturer where that is the one that it looks like', async () => {
    const one = await proposed('rename');
    const next = uniqueName();
    await transfer(fresh(), one.productId, await makeManufacturer(fresh(), next));
    const now = { ...one, proposal: { ...one.proposal, manufacturer: next } };
    await acceptProposal(fresh(), now, newMeta());
    expect(await found(one)).toMatchObject({ isFound: true, isOwn: false });
    expect((await resolveManufacturer(fresh(), one.about.manufacturer))?.id).toBe(one.maker);
  });

  it('is about the product that answers where the proposed one was merged', async () => {
    const one = await proposed('transfer');
    const { id } = await makeProduct(fresh(), one.maker, 'B-0');
    await merge(fresh(), one.productId, id);
    const now = { ...one, proposal: { ...one.proposal, model: 'B-0' } };
    expect(await acceptProposal(fresh(), now, newMeta())).toMatchObject({ productId: id });
    expect(await found({ ...one, productId: id })).toMatchObject({ isFound: true, isOwn: true });
  });
});

describe('a proposal that is declined', () => {
  it('is noted with the product, once', async () => {
    const one = await proposed('rename');
    expect(await declineProposal(fresh(), one, newMeta())).toMatchObject({ outcome: 'accepted' });
    expect(await declineProposal(fresh(), one, newMeta())).toMatchObject({ outcome: 'unchanged' });
    const state = await stateOf(fresh(), one.productId);
    expect(isDeclined(state, { list: one.list, ...one.about })).toBe(true);
    expect(await found(one)).toEqual({ isFound: false });
  });

  it('is refused where the product has the name by now', async () => {
    const one = await proposed('rename');
    await acceptProposal(fresh(), one, newMeta());
    await expect(declineProposal(fresh(), one, newMeta())).rejects.toMatchObject({
      code: 'PROPOSAL_OUTDATED',
    });
  });
});
