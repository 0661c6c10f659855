import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { type BatteryColumn } from '../layouts/cec-batteries.js';
import { product } from '../normalise/battery.fixture.js';
import { compareLists, type ListDifference } from './compare-lists.js';
import { type ListedRow, listedRowOf } from './listed-row.js';

type Cells = Partial<Record<BatteryColumn, string>>;

const rowsOf = (...rows: readonly Cells[]): ListedRow[] =>
  rows.map((cells, index) => listedRowOf(index + 1, product(cells).facts));

const compared = async (before: readonly Cells[], after: readonly Cells[]) =>
  compareLists(rowsOf(...before), rowsOf(...after));

/** Of one row each. */
const became = async (before: Cells, after: Cells) => {
  const { differences } = await compared([before], [after]);
  return differences.map(({ kind, changes, labels }) => ({
    kind,
    changes: changes.map(({ path }) => path),
    labels: labels.map(({ path }) => path),
  }));
};
const nothing = { changes: [], labels: [] };
const chemistry = '/elements/BatteryChemistryType';

describe('a product of two lists', () => {
  it.each<[string, Cells, Cells]>([
    ['in zeros', { energy: '5.40' }, { energy: '5.4' }],
    ['in spaces', { manufacturer: 'Aurora Cells Inc.\u00a0' }, { description: '5\nkWh battery' }],
    ['in the form of a date', { listingDate: '21.07.2021' }, { listingDate: '2021-07-21' }],
    ['in what one of them cannot be read of', { efficiency: 'Inverter 12kW]' }, {}],
  ])('is the same where it differs %s', async (_, before, after) => {
    expect(await became(before, after)).toEqual([]);
  });

  it('is relabelled where another word means the same', async () => {
    const found = await became({ technology: 'LiFePO4' }, { technology: 'Lithium Iron Phosphate' });
    expect(found).toEqual([{ kind: 'relabelled', changes: [], labels: [chemistry] }]);
  });

  it('is edited where facts differ, and says what they were', async () => {
    const { differences } = await compared([{ technology: 'LiFePO4' }], [{ energy: '5.5' }]);
    expect(differences).toEqual([
      {
        kind: 'edited',
        before: { row: 1, manufacturer: 'Aurora Cells Inc.', model: 'AC-5' },
        after: { row: 1, manufacturer: 'Aurora Cells Inc.', model: 'AC-5' },
        changes: [{ path: '/elements/EnergyCapacityNominal', from: '5.4 kWh', to: '5.5 kWh' }],
        labels: [{ path: chemistry, from: 'LiFePO4', to: 'Lithium Iron Phosphate' }],
      },
    ]);
  });

  it.each(['Aurora Cells', 'AURORA CELLS INC.', 'Aurora-Cells, LLC'])(
    'is renamed where its manufacturer is written %j, whatever else changes',
    async (manufacturer) => {
      expect(await became({}, { manufacturer })).toEqual([{ kind: 'renamed', ...nothing }]);
      const [found] = await became({}, { manufacturer, energy: '6' });
      expect(found?.kind).toBe('renamed');
    },
  );

  it('is renamed where its model is only respelled and its values are equal', async () => {
    expect(await became({}, { model: 'ac–5' })).toEqual([{ kind: 'renamed', ...nothing }]);
    const other = await became({}, { model: 'ac–5', energy: '6' });
    expect(other.map(({ kind }) => kind)).toEqual(['gone', 'new']);
  });

  it('is transferred to another manufacturer with equal values only', async () => {
    const transfer = { manufacturer: 'Borealis', certifyingEntity: 'UL' };
    expect(await became({}, transfer)).toEqual([
      { kind: 'transferred', changes: ['/certifications/UL1973/agency'], labels: [] },
    ]);
    const other = await became({}, { manufacturer: 'Borealis', energy: '6' });
    expect(other).toEqual([
      { kind: 'gone', ...nothing },
      { kind: 'new', ...nothing },
    ]);
  });

  it('is transferred to where most of it is equal, of several', async () => {
    const { differences } = await compared(
      [{ certifyingEntity: 'UL' }],
      [
        { manufacturer: 'Borealis' },
        { manufacturer: 'Cirrus', certifyingEntity: 'UL' },
        { manufacturer: 'Dynamo' },
      ],
    );
    expect(differences.map(({ kind, after }) => [kind, after?.manufacturer])).toEqual([
      ['transferred', 'Cirrus'],
      ['new', 'Borealis'],
      ['new', 'Dynamo'],
    ]);
  });

  it('is not transferred from a manufacturer that keeps it', async () => {
    const { same, differences } = await compared([{}], [{ manufacturer: 'Borealis' }, {}]);
    expect([same, differences.map(({ kind }) => kind)]).toEqual([1, ['new']]);
  });
});

describe('any two lists', () => {
  const cells: fc.Arbitrary<Cells> = fc.record({
    manufacturer: fc.constantFrom('Aurora', 'Aurora Inc.', 'AURORA', 'Borealis', 'Cirrus', '光能'),
    model: fc.constantFrom('A-1', 'a-1', 'A–1', 'A 1', 'B-1', 'B-1+'),
    energy: fc.constantFrom('1', '1.0', '2'),
    technology: fc.constantFrom('LiFePO4', 'Lithium Iron Phosphate', 'Lithium Ion'),
    certifyingEntity: fc.constantFrom('CSA', 'UL', ''),
  });
  const lists = fc.uniqueArray(cells, {
    maxLength: 20,
    // As `readList` leaves them: each product once.
    selector: ({ manufacturer, model }) =>
      `${String(manufacturer).toLowerCase()}\n${String(model)}`,
  });
  const rowNumbers = (differences: readonly ListDifference[], side: 'before' | 'after'): number[] =>
    differences.flatMap((one) => one[side]?.row ?? []);

  it('have each row in exactly one difference, or say the same of it', async () => {
    await fc.assert(
      fc.asyncProperty(lists, lists, async (before, after) => {
        const { same, differences } = await compared(before, after);
        for (const [side, rows] of [
          ['before', before],
          ['after', after],
        ] as const) {
          const named = rowNumbers(differences, side);
          expect(new Set(named).size).toBe(named.length);
          expect(named.length + same).toBe(rows.length);
        }
        for (const { kind, before: old, after: now, changes, labels } of differences) {
          expect(old === null).toBe(kind === 'new');
          expect(now === null).toBe(kind === 'gone');
          if (kind === 'edited') expect(changes).not.toEqual([]);
          if (kind === 'relabelled') expect([changes, labels.length > 0]).toEqual([[], true]);
        }
      }),
    );
  });

  it('differ in nothing from themselves, in whatever order', async () => {
    await fc.assert(
      fc.asyncProperty(lists, async (list) => {
        const rows = rowsOf(...list);
        expect(await compareLists(rows, rows.toReversed())).toEqual({
          same: rows.length,
          differences: [],
        });
      }),
    );
  });
});
