import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe } from 'vitest';

import type { StoredEvent } from '#event-log/event-log.js';
import { handleCommand } from '#event-log/handle-command.js';
import { newest } from '#event-log/reading.js';
import { commandMeta } from '#testing/decider-spec.js';

import { productDecider } from '../../product/decider.js';
import { evolveDocument, type ProductDocument } from '../../product/document.js';
import { productCategory, type ProductEvent } from '../../product/events.js';
import { RetryImport } from '../commands.js';
import type { ImportKind, RowOutcome } from '../events.js';
import { runImport, type RunTools } from '../run/run-import.js';
import type { ImportBench } from './import-bench.js';

const folder = join(process.env['VOLTRACE_CASES'] ?? '../shared/cases', 'registry');

/** Tests that read cases; they are skipped, and say so, where these are absent. */
export const cases: (name: string, tests: () => void) => void = existsSync(folder)
  ? describe
  : (name, tests) => {
      describe.skip(`${name} (../shared/cases/registry is absent)`, tests);
    };

/** What stands in a case that is not part of the repository. */
export const sharedCase = (name: string): Buffer => readFileSync(join(folder, name));

/** What became of a list: its rows by number, and the products that it changed, by model. */
export interface CaseRun {
  /** Of the import. */
  readonly id: string;
  /** As each came out last. */
  readonly rows: readonly RowOutcome[];
  readonly products: Readonly<Record<string, ProductDocument>>;
  /** All events of these products, the earlier ones too. */
  readonly events: readonly StoredEvent[];
}

const never = new AbortController().signal;

/** Imports a list and waits for its end. Throws where it fails. */
export const importCase = async (
  bench: ImportBench,
  content: string | Buffer,
  asOf?: string,
  { kind = 'products', tools = bench.tools }: { kind?: ImportKind; tools?: RunTools } = {},
): Promise<CaseRun> => {
  const id = await bench.receive(content, { asOf, kind });
  // By a runner of its own: the steps of each are commands of their own.
  await runImport(tools, id, randomUUID(), never);
  return runOf(bench, id);
};

/** Has the rows redone that were rejected or left for review. */
export const retryCase = async (
  bench: ImportBench,
  { id }: CaseRun,
  tools = bench.tools,
): Promise<CaseRun> => {
  const meta = commandMeta({ commandId: randomUUID() });
  await handleCommand(tools.log, tools.imports, id, new RetryImport(meta));
  await runImport(tools, id, randomUUID(), never);
  return runOf(bench, id);
};

/** What has become of an import by now. */
const runOf = async (bench: ImportBench, id: string): Promise<CaseRun> => {
  const { status, failure, received } = await bench.state(id);
  if (status !== 'completed') throw new Error(`${status}: ${failure?.reason ?? ''}`);
  const processed = (await bench.events('import'))
    .filter(({ stream, type }) => stream.endsWith(id) && type === 'ImportRowsProcessed')
    .flatMap(({ data }) => data['rows'] as readonly RowOutcome[]);
  const rows = [...new Map(processed.map((row) => [row.row, row])).values()].sort(
    (a, b) => a.row - b.row,
  );
  const events = (await bench.events(productCategory)).filter(
    ({ type }) => type !== 'KeyForfeited',
  );
  const touched = new Set(
    events
      .filter(({ metadata }) => metadata.evidence?.sha256 === received.sha256)
      .map(({ stream }) => stream),
  );
  const own = events.filter(({ stream }) => touched.has(stream));
  return { id, rows, events: own, products: productsOf(own) };
};

const productsOf = (events: readonly StoredEvent[]): CaseRun['products'] => {
  const documents = new Map<string, ProductDocument | null>();
  for (const stored of events) {
    const id = stored.stream.slice(`${productCategory}-`.length);
    const event = newest<ProductEvent>(productDecider, stored);
    if (event) documents.set(id, evolveDocument(documents.get(id) ?? null, id, event));
  }
  return Object.fromEntries(
    [...documents.values()].flatMap((one) => (one ? [[one.model, one] as const] : [])),
  );
};

/** The outcomes in the order of the rows. */
export const outcomesOf = ({ rows }: CaseRun): readonly string[] =>
  rows.map(({ outcome }) => outcome);

/** Everything that is said of a row. */
export const saidOf = ({ rows }: CaseRun, row: number): string =>
  (rows[row - 1]?.problems ?? []).map(({ reason }) => reason).join('\n');

/** The source's texts that were stored with a product's elements, the newest of each. */
export const writtenOf = ({ events }: CaseRun): Readonly<Record<string, string | undefined>> =>
  Object.fromEntries(
    events
      .filter(({ type }) => type === 'ElementsSet')
      .flatMap(({ data }) =>
        Object.entries(data['elements'] as Record<string, { readonly raw?: string }>),
      )
      .map(([name, { raw }]) => [name, raw]),
  );
