import { rm } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { workbookOfTexts } from '#workbook/testing/make-workbook.js';

import { TestApi } from './api.fixture.js';

const header = 'Manufacturer,Model Number,Chemistry,Capacity (kWh),Discharge Rate (kW)';
const earlier = [
  'Alder,A-1,LFP,5.40,2',
  'Alder,A-2,LiFePO4,5,2',
  'Alder,A-3,LiFePO4,5,2',
  'Birch Inc,B-1,LFP,5,2',
  'Cedar,C-1,LFP,6,2',
  'Dogwood,=D1,LFP,6,2',
  ',no maker,LFP,6,2',
  'Alder,A-1,LFP,9,2',
];
const later = [
  ['Manufacturer', 'Model Number', 'Chemistry', 'Capacity (Wh)', 'Discharge Rate (W)'],
  ['Alder', 'A-1', 'LFP', '5400', '2000'],
  ['Alder', 'A-2', 'Lithium Iron Phosphate', '5000', '2000'],
  ['Alder', 'A-3', 'LFP', '5100', '2000'],
  ['Birch Inc.', 'B-1', 'LFP', '5000', '2000'],
  ['Elm', 'C-1', 'LFP', '6000', '2000'],
  ['Elm', 'E-1', 'LFP', '6000', '2000'],
];

let api: TestApi;
let [before, after, manufacturers] = ['', '', ''];

const received = async (kind: string, body: string | Uint8Array<ArrayBuffer>) => {
  const sent = await fetch(`${api.url}/v1/imports?kind=${kind}&file=a%20list`, {
    method: 'POST',
    headers: { 'content-type': 'text/csv', authorization: `Bearer ${api.admin}` },
    body,
  });
  return ((await sent.json()) as { id: string }).id;
};

beforeAll(async () => {
  api = await TestApi.start();
  before = await received('products', `${[header, ...earlier].join('\n')}\n`);
  const sheet = later.map((cells) => cells.join(',')).join('\n');
  after = await received('products', new Uint8Array(workbookOfTexts({ List: sheet })));
  const codes = 'EntityCode,ProdMfr_Value__cleaned,ProdMfr_Value__cec\nALDER,Alder,Alder\n';
  manufacturers = await received('manufacturers', codes);
});
afterAll(async () => {
  await api.stop();
});

const compare = (one = before, other = after, query = '') =>
  api.ask(`/v1/imports/${one}/compare/${other}${query}`);

describe('two imported lists', () => {
  it('are compared by what they say, in a text and in a workbook', async () => {
    const { status, body } = await compare();
    expect([status, body]).toMatchObject([
      200,
      {
        before: { id: before, file: 'a list', total: 8, unread: 1, flagged: 0, repeated: 1 },
        after: { id: after, total: 6, unread: 0 },
        counts: {
          ...{ same: 1, gone: 1, transferred: 1, renamed: 1, edited: 1, relabelled: 1, new: 1 },
          alsoRelabelled: { transferred: 0, renamed: 0, edited: 1 },
          alsoEdited: 0,
        },
        more: 0,
      },
    ]);
    expect(body['items']).toMatchObject([
      { kind: 'gone', before: { row: 6, model: '=D1' }, after: null },
      { kind: 'transferred', before: { manufacturer: 'Cedar' }, after: { manufacturer: 'Elm' } },
      { kind: 'renamed', after: { row: 4, manufacturer: 'Birch Inc.', model: 'B-1' } },
      {
        kind: 'edited',
        changes: [{ path: '/elements/EnergyCapacityNominal', from: '5 kWh', to: '5.1 kWh' }],
      },
      { kind: 'relabelled', labels: [{ from: 'LiFePO4', to: 'Lithium Iron Phosphate' }] },
      { kind: 'new', before: null, after: { model: 'E-1' } },
    ]);
  });

  it('are answered kind by kind, and as many as wanted', async () => {
    const { body } = await compare(before, after, '?kind=new,gone&limit=1');
    expect(body).toMatchObject({ counts: { edited: 1 }, items: [{ kind: 'gone' }], more: 1 });
  });

  it('differ in nothing from themselves', async () => {
    expect((await compare(before, before)).body).toMatchObject({ counts: { same: 6 }, items: [] });
  });

  it('are a table of all fields that differ, in which nothing runs', async () => {
    const path = `/v1/imports/${before}/compare/${after}`;
    const csv = await (await api.raw(path, { headers: { accept: 'text/csv' } })).text();
    expect(csv.split('\r\n')).toEqual([
      'kind,row_before,manufacturer_before,model_before,row_after,manufacturer_after,model_after,field,from,to,means_the_same',
      "gone,6,Dogwood,'=D1,,,,,,,",
      'transferred,5,Cedar,C-1,5,Elm,C-1,,,,',
      'renamed,4,Birch Inc,B-1,4,Birch Inc.,B-1,,,,',
      'edited,3,Alder,A-3,3,Alder,A-3,/elements/EnergyCapacityNominal,5 kWh,5.1 kWh,false',
      'edited,3,Alder,A-3,3,Alder,A-3,/elements/BatteryChemistryType,LiFePO4,LFP,true',
      'relabelled,2,Alder,A-2,2,Alder,A-2,/elements/BatteryChemistryType,LiFePO4,Lithium Iron Phosphate,true',
      'new,,,,6,Elm,E-1,,,,',
      '',
    ]);
  });

  it.each(['?colour=red', '?kind=lost', '?limit=0', '?raw=true', '?format=csv&limit=5'])(
    'are not compared by %s',
    async (query) => {
      const { status, body } = await compare(before, after, query);
      expect([status, body['code']]).toEqual([400, 'QUERY_INVALID']);
    },
  );

  it('are shown to who may see imports', async () => {
    const { key } = await api.newKey('viewer');
    const path = `/v1/imports/${before}/compare/${after}`;
    expect((await api.ask(path, { key })).status).toBe(200);
    expect((await api.ask(path, { key: null })).status).toBe(401);
  });

  it('are named where one of them is not there, or of another kind', async () => {
    const unknown = '00000000-0000-4000-8000-000000000000';
    expect(await compare(before, unknown)).toMatchObject({
      status: 404,
      body: { code: 'IMPORT_NOT_FOUND', detail: `there is no import ${unknown}` },
    });
    expect((await compare('first', after)).body['detail']).toContain('"first"');
    expect(await compare(manufacturers, after)).toMatchObject({
      status: 422,
      body: {
        code: 'LISTS_NOT_COMPARABLE',
        detail: `import ${manufacturers} is a list of manufacturers; two lists of products are compared`,
      },
    });
  });

  it('are refused where the file of one is lost', async () => {
    const lost = await received('products', `${header}\nFir,F-1,LFP,1,1\n`);
    const sha256 = String((await api.ask(`/v1/imports/${lost}`)).body['sha256']);
    await rm(join(api.dataDir, 'imports', `${sha256}.csv`));
    const { status, body } = await compare(before, lost);
    expect([status, body['code']]).toEqual([422, 'FILE_MISSING']);
    expect(body['detail']).toContain(`the file ${sha256} of import ${lost}`);
  });
});
