import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { beforeAll, describe, expect, it } from 'vitest';

import { inspectCsvFile, readRows } from '#csv/csv-file.js';

import type { ListedFacts } from '../product/commands.js';
import { cecBatteries } from './layouts/cec-batteries.js';
import { entityCodes } from './layouts/entity-codes.js';
import { normaliseBattery } from './normalise/battery.js';
import { collapse } from './normalise/cell.js';
import { columnsOf } from './normalise/columns.js';

// The published lists themselves are not part of the repository.
const folder = join(process.env['VOLTRACE_DATA'] ?? '../shared/data', 'product-registry');
const withLists = existsSync(folder) ? describe : describe.skip;
if (!existsSync(folder)) console.warn(`skipped: no published lists in ${folder} (VOLTRACE_DATA)`);

const of2026 = join(folder, 'Battery_List_Data_ADA.2026-02-11.csv');
const workbookOf2026 = join(folder, 'Battery_List_Data_ADA.2026-02-11.xlsx');
const of2025 = join(folder, 'cec_batteries_2025-06-10.csv');

interface Read {
  readonly product: ListedFacts;
  readonly flagged: boolean;
  readonly technology: string;
}

const read = async (path: string): Promise<Read[]> => {
  const file = await inspectCsvFile(path, [cecBatteries]);
  const columns = columnsOf(file);
  const rows: Read[] = [];
  for await (const row of readRows(file)) {
    const normalised = normaliseBattery(row, columns);
    if ('rejected' in normalised) throw new Error(JSON.stringify(normalised));
    expect(normalised.unread).toEqual([]);
    const { facts: product, problems } = normalised;
    rows.push({ product, flagged: problems.length > 0, technology: row.cells.technology ?? '' });
  }
  expect(rows).toHaveLength(file.rows);
  return rows;
};

const count = <T>(items: readonly T[], of: (item: T) => string): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const item of items) counts[of(item)] = (counts[of(item)] ?? 0) + 1;
  return counts;
};

const element = (name: string) => (row: Read) => row.product.elements[name];

withLists('the battery list of 2026-02-11', () => {
  let rows: Read[] = [];
  beforeAll(async () => {
    rows = await read(of2026);
  });

  it('is 863 rows of 118 makers', () => {
    expect(rows).toHaveLength(863);
    expect(new Set(rows.map((row) => row.product.manufacturer)).size).toBe(118);
  });

  it('is read as UTF-8 with semicolons and decimal points', async () => {
    expect(await inspectCsvFile(of2026, [cecBatteries])).toMatchObject({
      encoding: 'utf-8',
      delimiter: ';',
      decimalMark: '.',
      leading: 1,
      header: { ignored: [] },
    });
  });

  it('has 745 LiFePO4, 106 LiIon and 12 LeadAcid batteries', () => {
    expect(count(rows, (row) => String(element('BatteryChemistryType')(row)?.value))).toEqual({
      LiFePO4: 745,
      LiIon: 106,
      LeadAcid: 12,
    });
  });

  it('has 842 efficiencies not submitted, 16 parsed and 5 kept raw and flagged', () => {
    const states = count(rows, (row) => String(element('EfficiencyBatteryRoundTrip')(row)?.state));
    expect(states).toEqual({ notSubmitted: 842, submitted: 16, unparsed: 5 });
    expect(
      rows
        .filter((row) => row.flagged)
        .map((row) => [row.product.model, element('EfficiencyBatteryRoundTrip')(row)?.raw])
        .sort(),
    ).toEqual([
      ['BA-LF058402', 'Inverter 12kW]'],
      ['BS-LF051063', '89 [Sanctuary 3'],
      ['BS-LF051133', 'Inverter 18kW]'],
      ['BS-LF051203', '89 [Sanctuary 3'],
      ['CP1-LFP05120-1A01', 'Inverter 24kW]'],
    ]);
  });

  it('has 19 blank discharge rates and no blank capacity', () => {
    expect(rows.filter((row) => element('PowerDCContinuousMax')(row) === null)).toHaveLength(19);
    expect(rows.filter((row) => element('EnergyCapacityNominal')(row) === null)).toHaveLength(0);
  });

  it('takes power from the power column and energy from the energy column', () => {
    const alpha = rows.find((row) => row.product.model === 'SMILE-BAT-8.2PHA');
    expect(alpha?.product.elements).toMatchObject({
      EnergyCapacityNominal: { value: '8.2', unit: 'kWh' },
      PowerDCContinuousMax: { value: '9.8', unit: 'kW' },
    });
  });

  it('has 12 models under two makers and no product twice', () => {
    const models = count(rows, (row) => row.product.model);
    expect(Object.values(models).filter((n) => n === 2)).toHaveLength(12);
    expect(
      new Set(rows.map((row) => `${row.product.manufacturer}\n${row.product.model}`)).size,
    ).toBe(863);
  });

  it('has 9 agencies and 3 editions', () => {
    const certifications = rows.map((row) => row.product.certification);
    expect(certifications.every((certification) => certification)).toBe(true);
    expect(new Set(certifications.map((certification) => certification?.agency)).size).toBe(9);
    expect(count(certifications, (certification) => String(certification?.edition))).toEqual({
      'Ed. 2 : 2018': 382,
      'Ed. 3 : 2022': 480,
      'Ed. 3 : 2023': 1,
    });
  });

  it('is padded in 8 models and 2 rows of makers', () => {
    const makers = rows.map((row) => row.product.listing?.remarks['ManufacturerAsWritten'] ?? '');
    expect(makers.filter((maker) => maker.endsWith('\u00a0'))).toHaveLength(2);
    expect(
      rows.filter((row) => row.product.listing?.remarks['ModelAsWritten'] !== undefined).length,
    ).toBeGreaterThanOrEqual(8);
  });
});

withLists('the published lists', () => {
  /** Without what a clean spelling takes back, which a list that is imported first never said. */
  const digestOf = (rows: readonly Read[]): string => {
    const facts = rows.map(({ product }) => {
      const remarks = Object.entries(product.listing?.remarks ?? {}).filter(
        ([name, remark]) => remark !== null || !name.endsWith('AsWritten'),
      );
      const listing = { ...product.listing, remarks: Object.fromEntries(remarks) };
      return { ...product, ...(product.listing && { listing }) };
    });
    return createHash('sha256').update(JSON.stringify(facts)).digest('hex');
  };

  // A rule of reading that changes what these lists say changes facts of products that stand in the log.
  it.each([
    [of2026, '28956834400acc9ecc5959969a5edfe95239284d708734a94c42d76931425e68'],
    [of2025, '97f81516b4ee8fa304d7550c35ff3f42c196b69f4baee9984b4ca352f1d4e03f'],
  ])('%s says what it said under the first version of the mapping', async (path, digest) => {
    expect(digestOf(await read(path))).toBe(digest);
  });
});

withLists('the workbook of 2026-02-11', () => {
  it('is read from the sheet that is shown first, with its header in two rows', async () => {
    const file = await inspectCsvFile(workbookOf2026, [cecBatteries]);
    expect(file).toMatchObject({ rows: 863, leading: 12, unread: [] });
    expect(file.sheet).toMatchObject({ name: 'Battery', unread: ['Battery_no_header'] });
  });

  it('says of every row what the CSV file of that day says', async () => {
    expect(await read(workbookOf2026)).toEqual(await read(of2026));
  });

  it('keeps dates and numbers as they are displayed and as they are stored', async () => {
    const file = await inspectCsvFile(workbookOf2026, [cecBatteries]);
    for await (const { cells, forms } of readRows(file)) {
      expect(cells).toMatchObject({ energy: '8.2', certificateDate: '2021-06-02' });
      expect(forms).toMatchObject({
        energy: { displayed: '8.2', stored: '8.1999999999999993' },
        certificateDate: { displayed: '6/2/2021', stored: '44349' },
      });
      break;
    }
  });
});

withLists('the lists of 2025-06-10 and 2026-02-11', () => {
  const key = ({ product }: Read) => `${product.manufacturer}\n${product.model}`;
  const number = (text: unknown) =>
    typeof text === 'string' ? text.replace(/(\.\d*?)0+$/, '$1').replace(/\.$/, '') : text;
  const facts = ({ product: { elements, certification, listing } }: Read) => ({
    chemistry: elements['BatteryChemistryType']?.value,
    energy: number(elements['EnergyCapacityNominal']?.value),
    power: number(elements['PowerDCContinuousMax']?.value),
    efficiency: elements['EfficiencyBatteryRoundTrip']?.value,
    agency: certification?.agency,
    certified: certification?.certificateDate,
    listed: listing?.listingDate,
  });

  it('differ in 74 chemistry labels that mean the same, and in one product', async () => {
    const before = new Map((await read(of2025)).map((row) => [key(row), row]));
    const both = (await read(of2026)).flatMap((row) => {
      const old = before.get(key(row));
      return old ? [{ old, row }] : [];
    });
    expect(before.size).toBe(753);
    const relabelled = both.filter(
      ({ old, row }) => collapse(old.technology) !== collapse(row.technology),
    );
    const changed = both.filter(
      ({ old, row }) => JSON.stringify(facts(old)) !== JSON.stringify(facts(row)),
    );
    expect(relabelled).toHaveLength(74);
    expect(changed.map(({ row }) => row.product.model)).toEqual(['R06306P05L31']);
  });
});

withLists('the published manufacturer codes', () => {
  it('are 383 spellings of 361 codes', async () => {
    const file = await inspectCsvFile(join(folder, 'EntityCodes.csv'), [entityCodes]);
    const codes = new Set<string>();
    for await (const { cells } of readRows(file)) codes.add(cells.code ?? '');
    expect([file.rows, codes.size]).toEqual([383, 361]);
  });

  it('are read in the short form too', async () => {
    const file = await inspectCsvFile(join(folder, 'EntityCodes_cleaned.csv'), [entityCodes]);
    expect([file.rows, file.header.index]).toEqual([607, { name: 0, code: 1 }]);
  });
});

withLists('a list of another kind', () => {
  it.each([
    ['PV_Module_List_Full_Data_ADA.2023-03-22.7f4a89c.csv', 'the CEC list of PV modules'],
    ['cec_pv_modules_100row_full_columns_sample_2025-06.csv', 'the CEC list of PV modules'],
    ['EntityCodes.csv', 'a list of manufacturer codes'],
    ['20260216_Product_Registry_DomesticContent_v1.csv', 'a list of domestic content evidence'],
  ])('%s is refused as what it is', async (name, list) => {
    await expect(inspectCsvFile(join(folder, name), [cecBatteries])).rejects.toMatchObject({
      code: 'OTHER_LIST',
      kind: 'unprocessable',
      message: expect.stringContaining(`the file looks like ${list}`) as unknown,
    });
  });

  it.each([of2025, of2026])('%s is no list of manufacturer codes', async (path) => {
    await expect(inspectCsvFile(path, [entityCodes])).rejects.toMatchObject({
      code: 'OTHER_LIST',
      message: expect.stringContaining('the CEC battery list') as unknown,
    });
  });
});
