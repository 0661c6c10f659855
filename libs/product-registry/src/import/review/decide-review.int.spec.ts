import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { handleCommand } from '#event-log/handle-command.js';

import { resolveManufacturer } from '../../manufacturer/resolve-manufacturer.js';
import { PublishListing } from '../../product/commands.js';
import { isDeclined } from '../../product/listed-names.js';
import { reconcileListing } from '../../product/reconcile-listing.js';
import { merge, rename, split, stateOf } from '../../testing/identity.js';
import { makeProduct, newMeta } from '../../testing/make.js';
import { RetryImport } from '../commands.js';
import type { Absence, RowOutcome } from '../events.js';
import { endedImport } from '../testing/ended-import.js';
import {
  capacityOf,
  decide,
  decisionsOn,
  eventsOf,
  fresh,
  inConflict,
  log,
  madeMaker,
  modelOf,
  proposed,
  startReviews,
  stopReviews,
  tools,
} from '../testing/reviews.js';

beforeAll(startReviews);
afterAll(stopReviews);

const claim = { kind: 'transfer' } as const;

describe('what waits in review', () => {
  it('is decided by a rule, a manufacturer at a time, with who and why', async () => {
    const [one, other] = [await madeMaker(), await madeMaker()];
    const rows = [
      await proposed(1, one.maker, one.name),
      await proposed(2, other.maker, other.name),
      await proposed(3, one.maker, one.name),
      { row: 4, outcome: 'needsReview' as const },
    ];
    const id = await endedImport(log, rows);
    const manufacturer = ` ${one.name.toLowerCase()}`;
    const done = await decide(id, { decision: 'accept', manufacturer });
    expect(done).toEqual({
      ...{ outcome: 'accepted', decided: 2, refused: [], left: 0, gone: 0, next: null },
    });
    const models = await Promise.all(rows.slice(0, 3).map(({ productId }) => modelOf(productId)));
    expect(models).toEqual(['P-1 Plus', 'P-2', 'P-3 Plus']);
    const decision = { decision: 'accept', rows: [1, 3], absent: [] };
    expect(await decisionsOn(id)).toEqual([{ ...decision, by: 'curator-1', reason: 'notice' }]);
    const [renamed] = await eventsOf(rows[0]?.productId, 'ModelRenamed');
    expect(renamed).toMatchObject({ actor: { id: 'curator-1' }, reason: 'notice' });
    expect(renamed?.evidence).toMatchObject({ row: 1 });
    const rest = await decide(id, { decision: 'reject', all: true });
    expect(rest).toMatchObject({ decided: 1, refused: [], left: 0, next: null });
    const about = rows[1]?.about ?? { manufacturer: '', model: '' };
    const declined = { list: 'cec-batteries', ...about };
    expect(isDeclined(await stateOf(fresh(), rows[1]?.productId ?? ''), declined)).toBe(true);
    expect(await modelOf(rows[1]?.productId)).toBe('P-2');
  });

  it('takes what a list says, or keeps what stands', async () => {
    const { name, maker } = await madeMaker();
    const rows = [await inConflict(1, maker, name), await inConflict(2, maker, name)];
    const id = await endedImport(log, rows);
    expect(await decide(id, { decision: 'accept', rows: [1] })).toMatchObject({ decided: 1 });
    expect(await decide(id, { decision: 'reject', kind: 'conflict' })).toMatchObject({
      ...{ decided: 1, left: 0 },
    });
    expect(await capacityOf(rows[0]?.productId)).toBe('5.2');
    expect(await capacityOf(rows[1]?.productId)).toBe('6.0');
  });

  it('is not taken from an older list than the one that named the product last', async () => {
    const { name, maker } = await madeMaker();
    const row = await inConflict(1, maker, name);
    const { productId = '' } = row;
    const said = { list: 'cec-batteries', productType: 'ProdBattery', elements: {} } as const;
    const facts = { ...said, manufacturer: name, model: 'C-1', asOf: '2026-02-11' };
    await reconcileListing(fresh(), facts, newMeta());
    const id = await endedImport(log, [row], [], '2025-06-10');
    const taken = await decide(id, { decision: 'accept', all: true });
    expect(taken).toMatchObject({
      ...{ decided: 0, refused: [{ row: 1, code: 'LIST_CONFLICT_OUTDATED' }], left: 1 },
    });
    expect(await decide(id, { decision: 'reject', all: true })).toMatchObject({
      ...{ decided: 1, left: 0 },
    });
    expect(await capacityOf(productId)).toBe('6.0');
  });

  it('is refused by name where it is no such item, and holds nothing else up', async () => {
    const { name, maker } = await madeMaker();
    const rows = [
      await inConflict(1, maker, name),
      { row: 2, outcome: 'needsReview' as const },
      { row: 3, outcome: 'unchanged' as const },
    ];
    const id = await endedImport(log, rows);
    const unknown = randomUUID();
    const asked = { decision: 'accept', rows: [1, 1, 2, 2, 3, 4], absent: [unknown] } as const;
    const done = await decide(id, asked);
    expect(done).toMatchObject({ decided: 1, left: 1, next: null });
    expect(done.refused).toHaveLength(4);
    expect(done.refused).toEqual(
      expect.arrayContaining([
        { row: 2, code: 'REVIEW_UNDECIDABLE' },
        { row: 3, code: 'REVIEW_NOT_OPEN' },
        { row: 4, code: 'ROW_UNKNOWN' },
        { productId: unknown, code: 'ABSENCE_UNKNOWN' },
      ]),
    );
    const again = await decide(id, { decision: 'reject', rows: [1] });
    expect(again).toMatchObject({ outcome: 'unchanged', decided: 0 });
    expect(again.refused).toEqual([{ row: 1, code: 'REVIEW_NOT_OPEN' }]);
    expect(await capacityOf(rows[0]?.productId)).toBe('5.2');
  });

  it('gives a product that two manufacturers claim to one of them', async () => {
    const { name, maker } = await madeMaker();
    const rows: RowOutcome[] = [];
    for (let row = 1; row <= 8; row += 2) {
      const one = {
        ...(await proposed(row, maker, name)),
        proposal: { ...claim, manufacturer: name },
      };
      const model = `P-${String(row)}`;
      for (const [at, next] of ['First', 'Second'].entries()) {
        const manufacturer = `${next} ${name}`;
        rows.push({
          ...one,
          row: row + at,
          about: { manufacturer, model },
          proposal: { ...one.proposal, model },
        });
      }
    }
    const id = await endedImport(log, rows);
    const done = await decide(id, { decision: 'accept', all: true });
    expect(done.refused).toEqual([2, 4, 6, 8].map((row) => ({ row, code: 'PROPOSAL_OUTDATED' })));
    expect(done).toMatchObject({ decided: 4, left: 4 });
    for (const { productId } of rows) {
      expect(await eventsOf(productId, 'ProductTransferred')).toHaveLength(1);
    }
    expect(await resolveManufacturer(fresh(), `Second ${name}`)).toBeUndefined();
  });

  it('goes on behind what is refused, piece by piece', async () => {
    const { name, maker } = await madeMaker();
    const rows: RowOutcome[] = [];
    for (let row = 1; row <= 5; row += 1) rows.push(await proposed(row, maker, name));
    const id = await endedImport(log, rows);
    // Somebody gave it a name of its own meanwhile.
    for (const stale of [rows[0], rows[1]]) {
      await rename(fresh(), stale?.productId ?? '', `${stale?.about?.model ?? ''} II`);
    }
    const seen: unknown[] = [];
    let after: string | undefined;
    do {
      const all = { decision: 'accept', all: true, limit: 2, after } as const;
      const { decided, refused, left, next } = await decide(id, all);
      seen.push([decided, refused.map(({ code }) => code), left, next]);
      after = next ?? undefined;
    } while (after !== undefined);
    const outdated = ['PROPOSAL_OUTDATED', 'PROPOSAL_OUTDATED'];
    expect(seen).toEqual([
      ...[[0, outdated, 5, 'r2'] as const, [2, [], 3, 'r4'] as const, [1, [], 2, null] as const],
    ]);
  });

  it('is not decided while a run is under way', async () => {
    const id = await endedImport(log, [{ row: 1, outcome: 'needsReview' }]);
    await handleCommand(log, tools().imports, id, new RetryImport(newMeta()));
    await expect(decide(id, { decision: 'accept', rows: [1] })).rejects.toMatchObject({
      ...{ code: 'IMPORT_NOT_FINISHED', kind: 'conflict' },
    });
  });
});

describe('a product that the list no longer names', () => {
  const gone = async (maker: string, name: string, model: string): Promise<Absence> => {
    const { id: productId } = await makeProduct(fresh(), maker, model);
    const listing = {
      agency: 'CEC',
      listingDate: null,
      lastUpdate: null,
      notes: null,
      remarks: {},
    };
    const publish = new PublishListing(productId, listing, newMeta());
    await handleCommand(log, fresh().products, productId, publish);
    return { productId, kind: 'gone', manufacturer: name, model };
  };
  const isListed = async ({ productId }: Absence) =>
    (await stateOf(fresh(), productId)).listings['CEC']?.value !== null;

  it('is delisted, or stays as it is, and is asked for once', async () => {
    const { name, maker } = await madeMaker();
    const all = [await gone(maker, name, 'G-1'), await gone(maker, name, 'G-2')];
    const [one, other] = all as [Absence, Absence];
    const renamed = { ...(await gone(maker, name, 'G-3')), kind: 'renamed' as const };
    const id = await endedImport(log, [{ row: 1, outcome: 'unchanged' }], [...all, renamed]);
    const first = await decide(id, { decision: 'reject', absent: [one.productId] });
    expect(first).toMatchObject({ decided: 1, refused: [] });
    for (const decision of ['accept', 'reject'] as const) {
      for (const rest of [{ all: true }, { manufacturer: name }]) {
        expect(await decide(id, { decision, ...rest })).toMatchObject({
          ...{ outcome: 'unchanged', decided: 0, left: 0, gone: 1, next: null },
        });
      }
    }
    expect(await isListed(other)).toBe(true);
    const rule = { decision: 'accept', kind: 'gone', manufacturer: name } as const;
    expect(await decide(id, rule)).toMatchObject({ decided: 1, left: 0, next: null });
    expect(await Promise.all([one, other, renamed].map(isListed))).toEqual([true, false, true]);
    const [withdrawn] = await eventsOf(other.productId, 'ListingWithdrawn');
    expect(withdrawn).toMatchObject({
      reason: 'notice',
      evidence: { file: expect.any(String) as unknown },
    });
    const absent = [one.productId, renamed.productId];
    expect((await decide(id, { decision: 'accept', absent })).refused).toEqual([
      { productId: one.productId, code: 'REVIEW_NOT_OPEN' },
      { productId: renamed.productId, code: 'ABSENCE_UNKNOWN' },
    ]);
  });

  it('is not delisted where the same list names it by now, under the name of another', async () => {
    const { name, maker } = await madeMaker();
    const [merged, accepted] = [await gone(maker, name, 'G-1'), await gone(maker, name, 'P-2')];
    const { id: own } = await makeProduct(fresh(), maker, 'G-1 B');
    const seems = { row: 2, outcome: 'needsReview', productId: accepted.productId } as const;
    const about = { manufacturer: name, model: 'P-2 Plus' };
    const proposal = { kind: 'rename', manufacturer: name, model: 'P-2' } as const;
    const named = { row: 1, outcome: 'unchanged', productId: own } as const;
    const rows = [named, { ...seems, about, proposal }];
    const id = await endedImport(log, rows, [merged, accepted], '2026-02-11');
    await merge(fresh(), own, merged.productId);
    const absent = [merged.productId, accepted.productId];
    const code = 'PRODUCT_LISTED_AGAIN';
    const refused = absent.map((productId) => ({ productId, code }));
    for (const asked of [{ rows: [2], absent }, { absent }]) {
      const done = await decide(id, { decision: 'accept', ...asked });
      expect(done.refused).toEqual(refused);
    }
    expect(await Promise.all([merged, accepted].map(isListed))).toEqual([true, true]);
    await split(fresh(), own);
    const only = { decision: 'accept', absent: [merged.productId] } as const;
    expect(await decide(id, only)).toMatchObject({ decided: 1, refused: [] });
  });
});
