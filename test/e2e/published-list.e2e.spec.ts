import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { wholeLog } from '#test/faults/checks.js';
import { databaseUrlOf, rebuild } from '#test/faults/operate.js';
import { startVoltrace, type Voltrace } from '#test/support/voltrace.js';
import { compiledRoot } from '#testing/build.js';

const folder = join(process.env['VOLTRACE_DATA'] ?? resolve('../shared/data'), 'product-registry');
const list = join(folder, 'Battery_List_Data_ADA.2026-02-11.csv');
const present = existsSync(list);
if (!present) console.warn(`skipped: the published list is not in ${folder}`);

interface Product {
  readonly code: string;
  readonly model: string;
  readonly manufacturer: { readonly id: string; readonly name: string };
  readonly elements: Readonly<
    Record<string, { value: unknown; unit?: string; state?: string; raw?: string }>
  >;
}

/** How many products have this in an element. */
const counted = (products: readonly Product[], has: (product: Product) => boolean): number =>
  products.filter(has).length;

(present ? describe : describe.skip)('the published battery list on a fresh system', () => {
  let voltrace: Voltrace;
  let imported: Awaited<ReturnType<Voltrace['api']['importEnded']>>;
  let products: readonly Product[];

  const importOf = async (file: string) =>
    voltrace.api.importEnded(await voltrace.api.importFile('products', file));
  const rowsOf = (reply: { body: Record<string, unknown> }) => reply.body['rows'];

  beforeAll(async () => {
    voltrace = await startVoltrace({
      dist: compiledRoot,
      env: { RATE_LIMIT_PER_KEY: '1000000', RATE_LIMIT_PER_ADDRESS: '1000000' },
    });
    imported = await importOf(list);
    const position = (await wholeLog(voltrace.api)).at(-1)?.position ?? '';
    const page = await voltrace.api.persist(`/v1/products?limit=1000&after=${position}`);
    products = page.body['items'] as Product[];
  });
  afterAll(() => voltrace.remove());

  it('ends every row, and none unaccounted for', () => {
    expect(imported.body['state']).toBe('completed');
    expect(rowsOf(imported)).toEqual({
      total: 863,
      accepted: 863,
      new: 863,
      changed: 0,
      unchanged: 0,
      rejected: 0,
      needsReview: 0,
    });
  });

  it('makes 863 products of 118 manufacturers under distinct codes', () => {
    expect(products.length).toBe(863);
    expect(new Set(products.map(({ code }) => code)).size).toBe(863);
    expect(new Set(products.map(({ manufacturer }) => manufacturer.id)).size).toBe(118);
  });

  it('knows twelve models under two makers', () => {
    const makers = new Map<string, Set<string>>();
    for (const { model, manufacturer } of products) {
      const known = makers.get(model.trim()) ?? new Set();
      makers.set(model.trim(), known.add(manufacturer.id));
    }
    expect([...makers.values()].filter(({ size }) => size === 2).length).toBe(12);
  });

  it('reads chemistry, efficiency and power as the list states them', () => {
    const chemistry = (value: string) =>
      counted(products, ({ elements }) => elements['BatteryChemistryType']?.value === value);
    expect([chemistry('LiFePO4'), chemistry('LiIon'), chemistry('LeadAcid')]).toEqual([
      745, 106, 12,
    ]);
    const efficiency = (state: string | undefined) =>
      counted(products, ({ elements }) => {
        const element = elements['EfficiencyBatteryRoundTrip'];
        return element !== undefined && element.state === state;
      });
    expect([efficiency('notSubmitted'), efficiency(undefined), efficiency('unparsed')]).toEqual([
      842, 16, 5,
    ]);
    expect(counted(products, ({ elements }) => !elements['PowerDCContinuousMax'])).toBe(19);
  });

  it('takes power from the power column and energy from the energy column', async () => {
    const reply = await voltrace.api.get('/v1/products?q=SMILE-BAT-8.2PHA');
    const [product] = reply.body['items'] as Product[];
    expect(product?.elements['PowerDCContinuousMax']).toMatchObject({ value: '9.8', unit: 'kW' });
    expect(product?.elements['EnergyCapacityNominal']).toMatchObject({ value: '8.2', unit: 'kWh' });
  });

  it('changes nothing when the same file comes again, and records that it came', async () => {
    const before = await wholeLog(voltrace.api);
    const again = await importOf(list);
    expect(rowsOf(again)).toMatchObject({ total: 863, unchanged: 863 });
    const since = (await wholeLog(voltrace.api)).slice(before.length);
    expect(since.filter(({ stream }) => !stream.startsWith('import-'))).toEqual([]);
    expect(since.map(({ type }) => type)).toContain('ImportReceivedAgain');
  });

  it('never lets a list undo a person', async () => {
    const { api } = voltrace;
    const [found] = (await api.get('/v1/products?q=SMILE-BAT-8.2PHA')).body['items'] as {
      id: string;
      position: string;
    }[];
    const id = found?.id ?? '';
    const set = await api.post(`/v1/products/${id}/set-elements`, {
      elements: { EnergyCapacityNominal: { value: '8.25', unit: 'kWh' } },
      reason: 'the data sheet says 8.25 kWh',
    });
    expect(set.status).toBe(200);

    const capacity = (body: Record<string, unknown>) =>
      (body['elements'] as Product['elements'])['EnergyCapacityNominal'];
    const now = await api.persist(`/v1/products/${id}?after=${String(set.body['position'])}`);
    expect(capacity(now.body)).toMatchObject({ value: '8.25' });
    const then = await api.get(`/v1/products/${id}?asOf=@${found?.position ?? ''}`);
    expect(capacity(then.body)).toMatchObject({ value: '8.2' });

    const history = (await api.get(`/v1/products/${id}/history`)).body['items'] as {
      reason: string | null;
      evidence: { row: number } | null;
      actor: { id: string };
      changes: { path: string; from: unknown; to: unknown }[];
    }[];
    expect(history.at(-1)).toMatchObject({
      reason: 'the data sheet says 8.25 kWh',
      changes: expect.arrayContaining([
        { path: '/elements/EnergyCapacityNominal/value', from: '8.2', to: '8.25' },
      ]),
    });
    expect(history[0]?.evidence).toMatchObject({ row: 1 });

    expect(rowsOf(await importOf(list))).toMatchObject({ unchanged: 863 });
    const changed = join(mkdtempSync(join(tmpdir(), 'voltrace-list-')), 'changed.csv');
    writeFileSync(changed, readFileSync(list, 'utf8').replace(';8.2;9.8;', ';8.3;9.8;'));
    const review = await importOf(changed);
    expect(rowsOf(review)).toMatchObject({ unchanged: 862, needsReview: 1 });
    const rows = await api.get(`/v1/imports/${String(review.body['id'])}/rows?outcome=needsReview`);
    expect(rows.body['items']).toMatchObject([{ row: 1, outcome: 'needsReview', productId: id }]);
    const kept = await api.get(`/v1/products/${id}`);
    expect(capacity(kept.body)).toMatchObject({ value: '8.25' });
  });

  it('answers whole while the catalogue is rebuilt', async () => {
    const { api } = voltrace;
    const rebuilt = new AbortController();
    const answers = new Set<unknown>();
    const reading = (async () => {
      while (!rebuilt.signal.aborted) {
        const reply = await api.get('/v1/products?limit=1000');
        answers.add(reply.status === 200 ? (reply.body['items'] as unknown[]).length : reply.body);
      }
    })();
    await rebuild(api, databaseUrlOf(voltrace.dataDir), 'product-catalog');
    rebuilt.abort();
    await reading;
    expect([...answers]).toEqual([863]);
  });
});
