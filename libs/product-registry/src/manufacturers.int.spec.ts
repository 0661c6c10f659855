import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { EsdbEventLog } from '#event-log/esdb.js';
import type { EventLog } from '#event-log/event-log.js';
import { keyOwner } from '#event-log/key/claim-key.js';
import { startTestNode, type TestNode } from '#testing/test-node.js';

import { derivedEntityCodeOf } from './codes.js';
import { mergeManufacturer } from './manufacturer/change-manufacturer.js';
import { MergeManufacturer } from './manufacturer/commands.js';
import { entityCodeKey } from './manufacturer/decider.js';
import { ensureManufacturer } from './manufacturer/ensure-manufacturer.js';
import { manufacturerOfCode, resolveManufacturer } from './manufacturer/resolve-manufacturer.js';
import type { ListedFacts } from './product/commands.js';
import { reconcileListing } from './product/reconcile-listing.js';
import { ProductRegistry } from './registry.js';
import { haltingLog, ProcessDied } from './testing/halting-log.js';
import {
  makeManufacturer,
  makeProduct,
  makeTwoManufacturers,
  newMeta,
  uniqueCode,
  uniqueName,
} from './testing/make.js';

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
const resolved = async (name: string) => (await resolveManufacturer(fresh(), name))?.id;

const merge = (id: string, into: string, commandId?: string) =>
  mergeManufacturer(fresh(), new MergeManufacturer(id, { into }, newMeta(commandId)));

describe('a listed manufacturer', () => {
  it('is registered, and changes nothing the second time', async () => {
    const listed = {
      name: uniqueName(),
      aliases: [uniqueName()],
      code: { rule: 'published', code: uniqueCode() },
    } as const;
    const first = await ensureManufacturer(fresh(), listed, newMeta());
    expect(first.outcome).toBe('registered');
    expect(await ensureManufacturer(fresh(), listed, newMeta())).toEqual({
      manufacturerId: first.manufacturerId,
      outcome: 'unchanged',
    });
    expect((await manufacturerOfCode(fresh(), listed.code.code))?.id).toBe(first.manufacturerId);
  });

  it('is one with the maker of the same code, under another name', async () => {
    const code = { rule: 'published', code: uniqueCode() } as const;
    const [one, other] = [uniqueName(), uniqueName()];
    const { manufacturerId } = await ensureManufacturer(
      fresh(),
      { name: one, aliases: [], code },
      newMeta(),
    );
    const second = await ensureManufacturer(fresh(), { name: other, aliases: [], code }, newMeta());
    expect(second).toEqual({ manufacturerId, outcome: 'changed' });
    expect(await resolved(other.toUpperCase())).toBe(manufacturerId);
  });

  it('gets the published code in place of one by rule, but not of one that a person chose', async () => {
    const byRule = uniqueName();
    await makeManufacturer(fresh(), byRule);
    const code = { rule: 'published', code: uniqueCode() } as const;
    const listed = { name: byRule, aliases: [], code };
    expect((await ensureManufacturer(fresh(), listed, newMeta())).outcome).toBe('changed');
    const chosen = uniqueName();
    await makeManufacturer(fresh(), chosen, { rule: 'manual', code: uniqueCode() });
    await expect(
      ensureManufacturer(
        fresh(),
        { name: chosen, aliases: [], code: { rule: 'published', code: uniqueCode() } },
        newMeta(),
      ),
    ).rejects.toMatchObject({ code: 'LIST_AGAINST_CURATOR' });
  });

  it('needs a merger where its names belong to two', async () => {
    const [one, other] = [uniqueName(), uniqueName()];
    const ids = [await makeManufacturer(fresh(), one), await makeManufacturer(fresh(), other)];
    await expect(
      ensureManufacturer(fresh(), { name: one, aliases: [other], code: null }, newMeta()),
    ).rejects.toMatchObject({
      code: 'MANUFACTURERS_TO_MERGE',
      details: { manufacturerIds: ids },
    });
  });

  it('is registered once by 6 that name it at once', async () => {
    const listed = { name: uniqueName(), aliases: [], code: { rule: 'derived' } } as const;
    const results = await Promise.allSettled(
      Array.from({ length: 6 }, () => ensureManufacturer(fresh(), listed, newMeta())),
    );
    const ids = new Set(
      results.flatMap((result) =>
        result.status === 'fulfilled' ? [result.value.manufacturerId] : [],
      ),
    );
    expect(ids.size).toBe(1);
    for (const result of results) {
      if (result.status === 'rejected') {
        expect(result.reason).toMatchObject({ code: 'MANUFACTURER_EXISTS' });
      }
    }
  });
});

describe('a code by rule', () => {
  it('is not used up by a maker that is registered already', async () => {
    const name = uniqueName();
    await makeManufacturer(fresh(), name);
    await expect(makeManufacturer(fresh(), name)).rejects.toMatchObject({
      code: 'MANUFACTURER_EXISTS',
    });
    const next = derivedEntityCodeOf(name, 1) ?? '';
    expect(await keyOwner(log, entityCodeKey(next))).toBeUndefined();
  });

  it('ends in a digit where another maker has the letters', async () => {
    const letters = `Q${randomUUID().replaceAll('-', '').slice(0, 4)}`;
    const names = ['Alpha', 'Beta', 'Gamma'].map((word) => `${letters}${word} LLC`);
    const codes: (string | null | undefined)[] = [];
    for (const name of names) {
      await makeManufacturer(fresh(), name);
      codes.push((await resolveManufacturer(fresh(), name))?.state.code);
    }
    const code = letters.toUpperCase();
    expect(codes).toEqual([code, `${code}1`, `${code}2`]);
  });
});

const dying = () => haltingLog(log, 1, () => Promise.reject(new ProcessDied()));

const mergeThrough = (through: EventLog, id: string, into: string) =>
  mergeManufacturer(new ProductRegistry(through), new MergeManufacturer(id, { into }, newMeta()));

describe('a merger', () => {
  it('lets the other maker answer for names and products, through several mergers', async () => {
    const names = [uniqueName(), uniqueName(), uniqueName()] as const;
    const [a, b, c] = await Promise.all(names.map((name) => makeManufacturer(fresh(), name)));
    if (!a || !b || !c) throw new Error('three makers were made');
    const { id } = await makeProduct(fresh(), a, 'X-1');
    await merge(a, b);
    await merge(b, names[2]);
    expect(await Promise.all(names.map(resolved))).toEqual([c, c, c]);
    await expect(makeProduct(fresh(), names[1], 'X-1')).rejects.toMatchObject({
      code: 'PRODUCT_EXISTS',
      details: { productId: id },
    });
    const listed = await reconcileListing(fresh(), factsOf(names[2], 'X-1', '5.1'), newMeta());
    expect(listed).toMatchObject({ productId: id, outcome: 'accepted' });
  });

  it('is answered alike when it is repeated, and refused in a ring', async () => {
    const [a, b] = [
      await makeManufacturer(fresh(), uniqueName()),
      await makeManufacturer(fresh(), uniqueName()),
    ];
    const commandId = randomUUID();
    const first = await merge(a, b, commandId);
    expect(await merge(a, b, commandId)).toMatchObject({
      outcome: 'repeated',
      revision: first.revision,
    });
    await expect(merge(b, a)).rejects.toMatchObject({ code: 'MANUFACTURER_MERGE_CYCLE' });
    await expect(merge(b, b)).rejects.toMatchObject({ code: 'MANUFACTURER_MERGE_CYCLE' });
  });

  it('that names a stale revision changes neither manufacturer', async () => {
    const [a, b] = await makeTwoManufacturers(fresh());
    const command = new MergeManufacturer(a, { into: b }, newMeta());
    await expect(mergeManufacturer(fresh(), command, { ifMatch: 7n })).rejects.toMatchObject({
      code: 'STALE_REVISION',
    });
    const { state } = await fresh().manufacturers.refresh(b);
    expect(state).toMatchObject({ absorbed: [] });
  });

  it('that stopped half-way leaves each its own products, and is finished or turned around', async () => {
    const names = [uniqueName(), uniqueName()] as const;
    const [a, b] = [
      await makeManufacturer(fresh(), names[0]),
      await makeManufacturer(fresh(), names[1]),
    ];
    const { id } = await makeProduct(fresh(), a, 'X-2');
    await expect(mergeThrough(dying(), a, b)).rejects.toBeInstanceOf(ProcessDied);
    await expect(mergeThrough(dying(), b, a)).rejects.toBeInstanceOf(ProcessDied);
    const listed = await reconcileListing(fresh(), factsOf(names[1], 'X-2', '5.1'), newMeta());
    expect(listed.productId).not.toBe(id);
    await merge(b, a);
    expect(await Promise.all(names.map(resolved))).toEqual([a, a]);
  });

  it('is refused where the opposite one came to its end meanwhile', async () => {
    const [a, b] = await makeTwoManufacturers(fresh());
    let goOn: () => void = () => undefined;
    const pause = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    const paused = haltingLog(log, 1, () => pause);
    const slow = mergeThrough(paused, a, b);
    const outcome = expect(slow).rejects.toMatchObject({ code: 'MANUFACTURER_MERGE_CYCLE' });
    expect(await paused.halted).toBe(true);
    await merge(b, a);
    goOn();
    await outcome;
    expect(await Promise.all([a, b].map(resolved))).toEqual([a, a]);
  });

  it('is never one of a ring, however many begin at once', async () => {
    const makers = await Promise.all([1, 2, 3].map(() => makeManufacturer(fresh(), uniqueName())));
    await Promise.allSettled(makers.map((id, at) => merge(id, makers[(at + 1) % 3] ?? '')));
    expect(new Set(await Promise.all(makers.map(resolved))).size).toBe(1);
  });
});

const factsOf = (manufacturer: string, model: string, capacity: string): ListedFacts => ({
  list: 'cec-batteries',
  productType: 'ProdBattery',
  manufacturer,
  model,
  elements: { EnergyCapacityNominal: { value: capacity, unit: 'kWh' } },
  listing: { agency: 'CEC', listingDate: '2025-02-11', remarks: {} },
});

describe('a row of a list', () => {
  it('finds the product of a new maker that was merged meanwhile', async () => {
    const [a, b] = await makeTwoManufacturers(fresh());
    const { id } = await makeProduct(fresh(), a, 'Y-4');
    await merge(a, b);
    const likelyNew = reconcileListing(fresh(), factsOf(a, 'Y-4', '5.1'), newMeta(), {
      isLikelyNew: true,
    });
    expect((await likelyNew).productId).toBe(id);
  });

  it('registers an unknown product in one append, as a dry run said', async () => {
    const maker = uniqueName();
    await makeManufacturer(fresh(), maker);
    const facts = factsOf(maker, 'Y-1', '5.1');
    const dryRun = fresh().dryRun();
    const tried = await reconcileListing(dryRun, facts, newMeta());
    expect(dryRun.log.appendedTo(`product-${tried.productId}`)).toMatchObject(tried.result.events);
    expect((await fresh().products.refresh(tried.productId)).revision).toBe(-1n);
    const { result, outcome } = await reconcileListing(fresh(), facts, newMeta());
    expect(outcome).toBe('accepted');
    expect(result.events).toEqual(tried.result.events);
    expect(result.events.map(({ type }) => type)).toEqual([
      'ProductRegistered',
      'ElementsSet',
      'ListingPublished',
    ]);
  });

  it('changes nothing the second time, and is known as repeated by the same command', async () => {
    const maker = uniqueName();
    await makeManufacturer(fresh(), maker);
    const facts = factsOf(maker, 'Y-2', '5.1');
    const meta = newMeta();
    const first = await reconcileListing(fresh(), facts, meta);
    expect(await reconcileListing(fresh(), facts, meta)).toMatchObject({
      productId: first.productId,
      outcome: 'repeated',
    });
    expect(await reconcileListing(fresh(), facts, newMeta())).toMatchObject({
      productId: first.productId,
      outcome: 'unchanged',
    });
  });

  it('leads 8 readers of the same row to one product', async () => {
    const maker = uniqueName();
    await makeManufacturer(fresh(), maker);
    const results = await Promise.all(
      Array.from({ length: 8 }, () =>
        reconcileListing(fresh(), factsOf(maker, 'Y-3', '5.1'), newMeta()),
      ),
    );
    expect(new Set(results.map(({ productId }) => productId)).size).toBe(1);
    expect(results.filter(({ outcome }) => outcome === 'accepted')).toHaveLength(1);
  });
});
