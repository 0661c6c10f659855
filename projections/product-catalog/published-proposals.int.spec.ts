import { readFileSync } from 'node:fs';

import { afterAll, beforeAll, expect, it } from 'vitest';

import { acceptProposal } from '#product-registry/import/decide-proposal.js';
import type { RowOutcome } from '#product-registry/import/events.js';
import { type CaseRun, importCase, retryCase } from '#product-registry/import/testing/case-run.js';
import {
  entityCodes,
  expected,
  of2025,
  of2026,
  published,
} from '#product-registry/import/testing/published-lists.js';
import { newMeta } from '#product-registry/testing/make.js';

import { CatalogImports } from './catalog-imports.fixture.js';

const dates = { 2025: '2025-06-10', 2026: '2026-02-11' };

published('the list of 2026-02-11 after that of 2025-06-10', () => {
  let imports: CatalogImports;
  let found: CaseRun;
  const run = (path: string, asOf?: string, kind?: 'manufacturers') =>
    importCase(imports.bench, readFileSync(path), asOf, {
      ...(kind && { kind }),
      tools: imports.tools,
    });
  beforeAll(async () => {
    imports = await CatalogImports.start();
    await run(entityCodes, undefined, 'manufacturers');
    await run(of2025, dates[2025]);
    found = await run(of2026, dates[2026]);
  }, 300_000);
  afterAll(() => imports.stop());

  const rowsWhere = (isIt: (row: RowOutcome) => boolean, { rows } = found) => rows.filter(isIt);
  const products = async (): Promise<number> =>
    (await imports.bench.events('product')).filter(({ type }) => type === 'ProductRegistered')
      .length;

  it('registers what is new, and proposes what was moved, each row about a product of its own', async () => {
    const counted = expected();
    const proposed = rowsWhere(({ proposal }) => proposal !== undefined);
    expect(rowsWhere(({ isNew }) => isNew === true)).toHaveLength(counted.new);
    expect(proposed).toHaveLength(counted.moved - counted.respelledByCase);
    expect(new Set(proposed.map(({ productId }) => productId)).size).toBe(proposed.length);
    expect(proposed.every(({ outcome, about }) => outcome === 'needsReview' && about)).toBe(true);
    expect(await products()).toBe(counted.rows[0] + counted.new);
  });

  it('changes what was edited, and nothing where only a label is another one', () => {
    const { edited } = expected();
    const energyOrPower = ['EnergyCapacityNominal', 'PowerDCContinuousMax'];
    const changed = found.events.filter(
      ({ type, data, stream, metadata }) =>
        type === 'ElementsSet' &&
        metadata.evidence?.file === 'list.csv' &&
        data['asOf'] === dates[2026] &&
        !found.events.some(
          (one) =>
            one.stream === stream &&
            one.type === 'ProductRegistered' &&
            one.metadata.commandId === metadata.commandId,
        ),
    );
    const values = changed.filter(({ data }) =>
      energyOrPower.some((name) => Object.hasOwn(data['elements'] as object, name)),
    );
    expect(values).toHaveLength(edited.length);
    // A label such as "Lithium Iron" for what was "LiFePO4" before says the same.
    const chemistries = changed.filter(({ data }) =>
      Object.hasOwn(data['elements'] as object, 'BatteryChemistryType'),
    );
    expect(chemistries).toEqual([]);
  });

  it('flags efficiencies that were cut off', () => {
    const broken = rowsWhere(({ problems = [] }) =>
      problems.some(({ column }) => column.includes('efficiency')),
    );
    expect(broken).toHaveLength(5);
  });

  it('has one product for each row when all proposals are accepted, and an older list changes nothing then', async () => {
    const { bench, tools } = imports;
    for (const { productId = '', about, proposal } of rowsWhere((row) => !!row.proposal)) {
      if (!about || !proposal) throw new Error('a proposal names both');
      const list = { list: 'cec-batteries', asOf: dates[2026], issueCodes: true };
      const asked = { productId, about, proposal, ...list };
      expect((await acceptProposal(tools.registry, asked, newMeta())).outcome).toBe('accepted');
    }
    const again = await retryCase(bench, found, tools);
    const left = rowsWhere(({ outcome }) => !['accepted', 'unchanged'].includes(outcome), again);
    expect(left).toEqual([]);
    const ids = again.rows.map(({ productId }) => productId);
    expect(new Set(ids).size).toBe(ids.length);
    expect(await products()).toBe(expected().rows[1] + expected().gone);

    const before = (await bench.events('product', 'manufacturer')).length;
    const older = await run(of2025, dates[2025]);
    expect(rowsWhere(({ outcome }) => outcome !== 'unchanged', older)).toEqual([]);
    const after = await bench.events('product', 'manufacturer');
    expect(after.slice(before).map(({ type }) => type)).toEqual([]);
  }, 300_000);
});
