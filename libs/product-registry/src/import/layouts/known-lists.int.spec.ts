import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { inspectCsvFile } from '#csv/csv-file.js';

import { cecBatteries } from './cec-batteries.js';
import { entityCodes } from './entity-codes.js';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'voltrace-known-lists-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const inspect = (
  header: string,
  layout: typeof cecBatteries | typeof entityCodes = cecBatteries,
) => {
  const path = join(folder, 'list.csv');
  writeFileSync(path, `${header}\n${header.replace(/[^,;\n]+/g, 'x')}\n`);
  return inspectCsvFile(path, [layout]);
};

const battery =
  'Manufacturer Name,Model Number,Technology,Nameplate Energy Capacity (kWh),Maximum Continuous Discharge Rate2 (kW)';

describe('a list that is no battery list', () => {
  it.each([
    [
      'inverters',
      'Manufacturer Name,Model Number1,Description,Maximum Continuous Output Power at Unity Power Factor (kW),Nominal Voltage (Vac),Weighted Efficiency (%),Night Tare Loss (W),Notes,Grid Support Listing Date,Last Update',
    ],
    [
      'inverters',
      'Manufacturer Name,Model Number,Technology,Energy Capacity (kWh),Discharge Rate (kW),UL 1741 SB,Microinverter,Built-In Meter',
    ],
    [
      'energy storage systems',
      'Manufacturer Name,Brand1,Model Number,Technology,PV DC Input Capability,Description,Nameplate Energy Capacity (kWh),Nameplate Power (kW),Maximum Continuous Discharge Rate4 (kW)',
    ],
    ['energy storage systems', `${battery},Edition of UL 9540`],
    ['energy storage systems', `CEC Energy Storage System Equipment List,,,,\n${battery}`],
    ['PV modules', 'Manufacturer,Model Number,Description,Technology,Nameplate Pmax (W),PTC,Notes'],
    ['meters', 'Manufacturer Name,Model Number,Display Type,PBI Meter,Note,CEC Listing Date'],
    ['meters', 'Meter List,,\nManufacturer Name,Model Number,Note'],
  ])('is refused as the CEC list of %s', async (list, header) => {
    await expect(inspect(header)).rejects.toMatchObject({
      code: 'OTHER_LIST',
      message: expect.stringContaining(`the file looks like the CEC list of ${list} (`) as unknown,
    });
  });

  it('is not named where no known list looks like it', async () => {
    for (const header of ['Manufacturer,Model Number,Connector,Output Power (kW)', 'a,b,c']) {
      await expect(inspect(header)).rejects.toMatchObject({
        code: 'LAYOUT_UNKNOWN',
        message: expect.stringContaining('no known list looks like this') as unknown,
      });
    }
  });

  it('is told from a battery list with columns of its own', async () => {
    const more = 'UL 9540A,Nominal Voltage (Vdc),Hybrid,EntityCode,PCS Model,Weighted Efficiency';
    await expect(inspect(`${battery},${more}`)).resolves.toMatchObject({ rows: 1 });
  });

  it('is taken for what it is by the other kind of import', async () => {
    const codes = 'EntityCode,ProdMfr_Value';
    await expect(inspect(codes)).rejects.toMatchObject({
      code: 'OTHER_LIST',
      message: expect.stringContaining('which is a list of manufacturers') as unknown,
    });
    await expect(inspect(battery, entityCodes)).rejects.toMatchObject({
      code: 'OTHER_LIST',
      message: expect.stringContaining('which is a list of products') as unknown,
    });
  });
});
