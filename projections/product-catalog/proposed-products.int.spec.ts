import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { declineProposal } from '#product-registry/import/decide-proposal.js';
import { previewImport } from '#product-registry/import/preview/preview-import.js';
import {
  importCase,
  outcomesOf,
  retryCase,
  saidOf,
} from '#product-registry/import/testing/case-run.js';
import { makeManufacturer, newMeta } from '#product-registry/testing/make.js';

import { CatalogImports } from './catalog-imports.fixture.js';

let imports: CatalogImports;
beforeAll(async () => {
  imports = await CatalogImports.start();
});
afterAll(async () => {
  await imports.stop();
});

const header =
  'Manufacturer,Model Number,Chemistry,Capacity (kWh),Discharge Rate (kW),UL 1973 Certifying Entity,UL 1973 Certificate Date';
const csv = (...rows: readonly string[]) => `${header}\n${rows.join('\n')}\n`;
const run = (content: string, asOf?: string) =>
  importCase(imports.bench, content, asOf, { tools: imports.tools });
const idsOf = ({ rows }: Awaited<ReturnType<typeof run>>) => rows.map(({ productId }) => productId);

describe('a model of a list that another manufacturer has', () => {
  it('is proposed as transferred where its values are equal, whatever its certificate', async () => {
    const before = await run(
      csv('First Cells,T-1,LFP,5,2,UL,3/1/2024', 'First Cells,T-2,LFP,5,2,,'),
    );
    // Right after it: the read model is waited for.
    const found = await run(
      csv('Second Watts,T-1,LFP,5.0,2,CSA Group,3/1/2025', 'Second Watts,T-2,LFP,6,2,,'),
    );
    expect(outcomesOf(found)).toEqual(['needsReview', 'accepted']);
    expect(found.rows[0]).toMatchObject({
      productId: before.rows[0]?.productId,
      about: { manufacturer: 'Second Watts', model: 'T-1' },
      proposal: { kind: 'transfer', manufacturer: 'First Cells', model: 'T-1' },
    });
    expect(saidOf(found, 1)).toContain('under another manufacturer: its values are equal');
  });

  it('is its own where the same list names the other one too, before it or after it', async () => {
    await run(csv('Third Cells,T-3,LFP,5,2,,'));
    const found = await run(
      csv('Fourth Watts,T-3,LFP,5,2,,', 'Third Cells,T-3,LFP,5,2,,', 'Fifth Watts,T-3,LFP,5,2,,'),
    );
    expect(outcomesOf(found)).toEqual(['accepted', 'unchanged', 'accepted']);
  });

  it('is its own where a person said so, and is not asked about again', async () => {
    await run(csv('Sixth Cells,T-4,LFP,5,2,,'));
    const content = csv('Seventh Watts,T-4,LFP,5,2,,');
    const found = await run(content);
    const [{ productId = '', about } = {}] = found.rows;
    if (!about) throw new Error('the row waits');
    const declined = { productId, about, list: 'cec-batteries' };
    await declineProposal(imports.tools.registry, declined, newMeta());
    const again = await retryCase(imports.bench, found, imports.tools);
    expect(outcomesOf(again)).toEqual(['accepted']);
    expect(again.rows[0]?.productId).not.toBe(productId);
    expect(outcomesOf(await run(content))).toEqual(['unchanged']);
  });

  it('is the one whose certificate is equal, or that was registered first', async () => {
    const makers = ['Eighth Cells', 'Ninth Cells', 'Tenth Cells'];
    const before = await run(
      csv(
        ...makers.map((maker, at) => `${maker},T-5,LFP,5,2,${at === 1 ? 'UL,3/1/2024' : ','}`),
        ...makers.map((maker) => `${maker},T-6,LFP,5,2,,`),
      ),
    );
    const found = await run(csv('Odd Watts,T-5,LFP,5,2,UL,3/1/2024', 'Odd Watts,T-6,LFP,5,2,,'));
    const registered = (await imports.bench.events('product')).filter(
      ({ type }) => type === 'ProductRegistered',
    );
    const first = registered.find(({ data }) => data['model'] === 'T-6')?.stream;
    expect(idsOf(found)).toEqual([idsOf(before)[1], first?.slice('product-'.length)]);
  });
});

describe('a manufacturer of a list that looks like a registered one', () => {
  it('has its product proposed by its name, and registers what is new with a word on it', async () => {
    const before = await run(
      csv('Nordlicht Akku GmbH,N-1/a,LFP,5,2,,', 'Nordlicht Akku GmbH,N-2,LFP,5,2,,'),
    );
    const found = await run(
      csv(
        // Another spelling of the model as well, another capacity, and another model.
        ...['Nordlicht Akku,n–1/A,LFP,5,2,,', 'Nordlicht Akku,N-2,LFP,7,2,,'],
        'Nordlicht Akku,N-3,LFP,5,2,,',
      ),
    );
    expect(outcomesOf(found)).toEqual(['needsReview', 'needsReview', 'accepted']);
    expect(idsOf(found).slice(0, 2)).toEqual(idsOf(before));
    for (const { proposal } of found.rows.slice(0, 2)) {
      expect(proposal).toMatchObject({ kind: 'rename', manufacturer: 'Nordlicht Akku GmbH' });
    }
    expect(saidOf(found, 3)).toContain('manufacturer looks like "Nordlicht Akku GmbH" (NORDL)');
  });

  it('is preferred before any other one with equal values', async () => {
    const before = await run(
      csv('Other Volt,P-9,LFP,5,2,UL,3/1/2024', 'Sudwind Akku AG,P-9,LFP,6,2,,'),
    );
    const found = await run(csv('Sudwind Akku,P-9,LFP,5,2,UL,3/1/2024'));
    expect(found.rows[0]?.productId).toBe(before.rows[1]?.productId);
  });

  it('is not registered without a row that needs it, also where both are registered names', async () => {
    await run(csv('Ostwind Akku AG,O-1,LFP,5,2,,'));
    await makeManufacturer(imports.tools.registry, 'Ostwind Akku');
    const found = await run(csv('Ostwind Akku,O-1,LFP,5,2,,', 'Ostwind Akku KG,O-1,LFP,5,2,,'));
    expect(outcomesOf(found)).toEqual(['needsReview', 'needsReview']);
    expect(
      (await imports.bench.events('manufacturer')).filter(
        ({ data }) => data['name'] === 'Ostwind Akku KG',
      ),
    ).toEqual([]);
  });

  it('is previewed so', async () => {
    await run(csv('Westwind Akku AG,W-1,LFP,5,2,,'));
    const { files, registry, lookAlikes } = imports.tools;
    const list = csv('Westwind Akku,W-1,LFP,5,2,,', 'Westwind Strom,W-1,LFP,5,2,,');
    const spooled = await files.spool(new Blob([list]).stream());
    const { rows, problems } = await previewImport(registry, spooled.path, {
      ...{ kind: 'products', issueCodes: true, lookAlikes, gone: new AbortController().signal },
    });
    expect(rows).toMatchObject({ needsReview: 2, new: 0 });
    expect(problems.map(({ proposal }) => proposal?.kind)).toEqual(['rename', 'transfer']);
  });
});

describe('an older list that is imported later', () => {
  it('proposes nothing of products that a newer one named, and registers none of them again', async () => {
    const newer = await run(
      csv('New Owner,Q-1,LFP,5,2,,', 'Spelled Inc.,Q-2,LFP,5,2,,'),
      '2026-02-11',
    );
    const before = (await imports.bench.events('product', 'manufacturer')).length;
    const older = await run(
      csv('Old Owner,Q-1,LFP,5,2,,', 'Spelled Inc,Q-2,LFP,5,2,,'),
      '2025-06-10',
    );
    expect(outcomesOf(older)).toEqual(['unchanged', 'unchanged']);
    expect(idsOf(older)).toEqual(idsOf(newer));
    for (const row of [1, 2]) {
      expect(saidOf(older, row)).toMatch(
        /which the list of 2026-02-11 named: this one is of 2025-06-10, and changes nothing/,
      );
    }
    expect((await imports.bench.events('product', 'manufacturer')).slice(before)).toEqual([]);
  });
});
