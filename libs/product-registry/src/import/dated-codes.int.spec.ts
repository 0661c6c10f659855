import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { CommandObserver } from '#observability/command-observer.js';
import { Logger } from '#observability/logging.js';
import { Metrics } from '#observability/metrics.js';

import { issueEntityCode } from '../manufacturer/change-manufacturer.js';
import { IssueEntityCode } from '../manufacturer/commands.js';
import { resolveManufacturer } from '../manufacturer/resolve-manufacturer.js';
import { makeManufacturer, newMeta } from '../testing/make.js';
import { Imports } from './imports.js';
import { type CaseRun, importCase, outcomesOf, saidOf } from './testing/case-run.js';
import { ImportBench } from './testing/import-bench.js';

let bench: ImportBench;
beforeAll(async () => {
  bench = await ImportBench.start();
});
afterAll(async () => {
  await bench.stop();
});

const list = (code: string, name: string, alias = name) =>
  `EntityCode,ProdMfr_Value__cleaned,ProdMfr_Value__cec\n${code},${name},${alias}\n`;
const run = (content: string, asOf?: string): Promise<CaseRun> =>
  importCase(bench, content, asOf, { kind: 'manufacturers' });

const maker = async (name: string) =>
  (await resolveManufacturer(bench.another().registry, name))?.state;
const older = (newer: string, own: string) =>
  `changes nothing: the list of ${newer} named the manufacturer's code, and this one is of ${own}`;

describe('lists of manufacturer codes of several dates', () => {
  it('leave the code of the newer one, whichever comes first', async () => {
    await run(list('FIRSTB', 'Older First'), '2025-06-10');
    const newer = await run(list('FIRSTA', 'Older First'), '2026-02-11');
    expect(outcomesOf(newer)).toEqual(['accepted']);
    expect(await maker('Older First')).toMatchObject({ code: 'FIRSTA', codeAsOf: '2026-02-11' });

    await run(list('LASTA', 'Older Last'), '2026-02-11');
    const content = list('LASTB', 'Older Last');
    const body = new Blob([content]).stream();
    const options = { issueCodes: true, file: null, asOf: '2025-06-10' };
    const previewed = await imports().preview(
      body,
      { ...options, kind: 'manufacturers' },
      { key: 'own', gone: new AbortController().signal },
    );
    const after = await run(content, '2025-06-10');
    expect(outcomesOf(after)).toEqual(['unchanged']);
    expect(saidOf(after, 1)).toBe(older('2026-02-11', '2025-06-10'));
    expect(after.rows[0]?.problems).toMatchObject([{ column: 'entitycode', raw: 'LASTB' }]);
    expect([previewed.changes, previewed.problems]).toEqual([[], after.rows]);
    expect(await maker('Older Last')).toMatchObject({ code: 'LASTA', codes: ['LASTA'] });
  });

  it('add names whatever their date', async () => {
    await run(list('NAMEA', 'Named Now'), '2026-02-11');
    const after = await run(list('NAMEB', 'Named Now', 'Named Then'), '2025-06-10');
    expect([outcomesOf(after), saidOf(after, 1)]).toEqual([
      ['accepted'],
      older('2026-02-11', '2025-06-10'),
    ]);
    expect(await maker('Named Then')).toMatchObject({ name: 'Named Now', codes: ['NAMEA'] });
  });

  it.each([
    ['an older list', 'RPO', '2025-06-10'],
    ['a list without a date', 'RPN', undefined],
  ])('keep their order where a newer one only repeats the code of %s', async (name, code, asOf) => {
    await run(list(code, name), asOf);
    const again = await run(`${list(code, name)}\n`, '2026-02-11');
    expect([outcomesOf(again), saidOf(again, 1)]).toEqual([['unchanged'], '']);
    const between = await run(list(`${code}B`, name), '2025-10-01');
    expect([outcomesOf(between), saidOf(between, 1)]).toEqual([
      ['unchanged'],
      older('2026-02-11', '2025-10-01'),
    ]);
    expect(await maker(name)).toMatchObject({ code, codes: [code], codeAsOf: '2026-02-11' });
  });

  it('keep a code by rule that a newer one says, and leave one that a curator chose', async () => {
    const { registry } = bench.tools;
    await makeManufacturer(registry, 'Byrule Cells');
    const { code = null } = (await maker('Byrule Cells')) ?? {};
    await run(list(String(code), 'Byrule Cells'), '2026-02-11');
    await run(list('OTHER', 'Byrule Cells'), '2025-06-10');
    expect(await maker('Byrule Cells')).toMatchObject({ code, codeRule: 'derived' });

    const id = await makeManufacturer(registry, 'Curated Cells');
    const chosen = { rule: 'manual', code: 'CHOSEN' } as const;
    await issueEntityCode(
      registry,
      new IssueEntityCode(id, chosen, newMeta(), { code: chosen.code }),
    );
    const against = await run(list('LISTED', 'Curated Cells'), '2026-02-11');
    expect([outcomesOf(against), saidOf(against, 1)]).toEqual([
      ['needsReview'],
      'the list says LISTED; a curator set CHOSEN',
    ]);
  });
});

const imports = (): Imports =>
  new Imports(
    bench.tools,
    bench.queue,
    new CommandObserver(
      Logger.create({ app: 'test', level: 'silent' }),
      new Metrics({ processMetrics: false }),
    ),
  );
