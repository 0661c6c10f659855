import { type Command, InvalidArgumentError, Option } from 'commander';

import { type ApiClient, ApiProblem } from '../client.js';
import { confirmed } from '../confirm.js';
import { contextOf, segment } from '../context.js';
import { CommandFailure, exitCodes, usage } from '../exit-codes.js';
import { importIdOf } from '../import-id.js';
import { problemText, type RowView, waitForImport } from '../import-progress.js';
import { limitOption, type ListOptions, listRows } from '../list-rows.js';
import { brief, counted, printJson, printTable, write } from '../output.js';
import { progressBar } from '../progress.js';
import { finish, setExitCode } from './import.js';
import { listOf, reasonOption } from './post.js';

const decidableKinds = ['rename', 'transfer', 'conflict', 'gone'] as const;

interface ReviewItem {
  readonly importId: string;
  readonly row: number | null;
  readonly kind: string;
  readonly productId: string | null;
  readonly manufacturer: string | null;
  readonly model: string | null;
  readonly proposal: { readonly manufacturer: string; readonly model: string } | null;
  readonly problems: NonNullable<RowView['problems']>;
}

interface Rule {
  readonly kind?: string;
  readonly manufacturer?: string;
}

interface ListReviewOptions extends Rule, ListOptions {
  readonly import?: string;
}

interface DecideOptions extends Rule {
  readonly row?: readonly number[];
  readonly product?: readonly string[];
  readonly all?: boolean;
  readonly reason: string;
  readonly yes?: boolean;
}

interface Decided {
  readonly decided: number;
  readonly refused: readonly {
    readonly row?: number;
    readonly productId?: string;
    readonly code: string;
    readonly detail: string;
  }[];
  readonly left: number;
  readonly gone: number;
  readonly next: string | null;
}

type Decision = 'accept' | 'reject';

const manufacturerOption = ['--manufacturer <name>', 'as the list writes it, in any case'] as const;

export function addReviewCommands(voltrace: Command): void {
  const review = voltrace
    .command('review')
    .description('what imports leave for a person to decide');
  review
    .command('list')
    .description('what waits, the newest import first')
    .option('--import <id>', 'only of an import: its id or its beginning')
    .addOption(new Option('--kind <kind>').choices([...decidableKinds, 'other']))
    .option(...manufacturerOption)
    .option(...limitOption)
    .action(list);
  const accept =
    'rename or transfer products as rows propose, take values of the list, delist what is gone';
  const reject =
    'rows are products of their own, values that stand are kept, what is gone stays listed; of kind other, by --row: left as they are';
  for (const [decision, description] of [
    ['accept', accept] as const,
    ['reject', reject] as const,
  ]) {
    review
      .command(decision)
      .description(`${description}; then redo the rows`)
      .argument('<import>', 'its id or its beginning')
      .option('--row <number>', 'a row; again for more of them', rowsOf)
      .option('--product <id>', 'a product that is gone; again for more of them', listOf)
      .addOption(new Option('--kind <kind>', 'all of a kind; gone only so').choices(decidableKinds))
      .option(...manufacturerOption)
      .option('--all', 'all that waits, but for what is gone')
      .requiredOption(...reasonOption)
      .option('--yes', 'decide all of a rule without asking')
      .action((id: string, options: DecideOptions, command: Command) =>
        decide(decision, id, options, command),
      );
  }
}

const rowsOf = (text: string, before: readonly number[] = []): readonly number[] => {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('Expected the number of a row.');
  return [...before, Number(text)];
};

async function list(
  { import: given, kind, manufacturer, ...options }: ListReviewOptions,
  command: Command,
): Promise<void> {
  const { api, json } = contextOf(command);
  const id = given === undefined ? undefined : await importIdOf(api, given);
  const query = { import: id, kind, manufacturer };
  await listRows(api, { path: '/v1/reviews', query, json, print: printItems }, options);
}

async function printItems(items: readonly ReviewItem[]): Promise<void> {
  await printTable(
    ['import', 'row or product', 'kind', 'manufacturer', 'model', 'what waits'],
    items.map((item) => [
      item.importId.slice(0, 8),
      item.row ?? item.productId,
      ...[item.kind, item.manufacturer, item.model, whatWaits(item)],
    ]),
  );
}

function whatWaits({ kind, proposal, problems }: ReviewItem): string {
  if (proposal) return `registered as ${proposal.manufacturer} ${proposal.model}`;
  return kind === 'gone'
    ? 'an earlier list names it, this one does not'
    : problems.map(problemText).join('\n');
}

async function decide(
  decision: Decision,
  given: string,
  options: DecideOptions,
  command: Command,
): Promise<void> {
  const { row: rows, product: absent, kind, manufacturer, all, reason, yes } = options;
  const isNamed = rows !== undefined || absent !== undefined;
  const isRule = kind !== undefined || manufacturer !== undefined || all === true;
  if (isNamed === isRule) {
    throw usage(
      'Either --row and --product are expected, or a rule: --kind, --manufacturer, --all.',
    );
  }
  const { api, json } = contextOf(command);
  const id = await importIdOf(api, given);
  const rule = { kind, manufacturer, all: true };
  if (isRule && yes !== true) await confirmRule(api, decision, { import: id, kind, manufacturer });
  const what = isNamed ? { rows, absent } : rule;
  const done = await decideAll(api, id, { decision, reason, ...what });
  if (!json) {
    await printDecided(decision, done);
    await write(goneText(decision, { import: id, manufacturer }, done.gone));
  }
  const isOfRows = isNamed ? rows !== undefined : kind !== 'gone';
  const isRedone = done.decided > 0 && isOfRows && (await retry(api, id, reason));
  if (json) {
    const view = await waitForImport(api, id);
    if (isRedone) setExitCode(view);
    await printJson({ ...done, import: view });
  } else if (isRedone) await finish(api, false, id);
  if (done.refused.length > 0) {
    process.exitCode = done.decided === 0 ? exitCodes.failed : exitCodes.rowsOpen;
  }
}

/** Throws `CommandFailure` where nothing waits, or nobody says yes. */
async function confirmRule(
  api: ApiClient,
  decision: Decision,
  query: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  const counts = new Map<string, number>();
  let gone = 0;
  for await (const { kind } of api.items<ReviewItem>('/v1/reviews', query, 1_000_000)) {
    if (kind === 'gone' && query['kind'] === undefined) gone += 1;
    else if (kind !== 'other') counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  if (total === 0) {
    const none = `Nothing waits that could be decided.\n${goneText(decision, query, gone)}`;
    throw new CommandFailure(none.trimEnd(), exitCodes.failed);
  }
  const kinds = [...counts].map(([kind, count]) => `${count} ${kind}`).join(', ');
  const verb = decision === 'accept' ? 'Accept' : 'Reject';
  if (await confirmed(`${verb} ${counted(total, 'item')} (${kinds})?`)) return;
  throw new CommandFailure('Nothing was changed.', exitCodes.failed);
}

/** One line on the products that are gone, which no rule decides that does not name them. */
function goneText(
  decision: Decision,
  { import: id = '', manufacturer }: Readonly<Record<string, string | undefined>>,
  gone: number,
): string {
  if (gone === 0) return '';
  const what = gone === 1 ? '1 product that is gone waits' : `${gone} products that are gone wait`;
  const maker =
    manufacturer === undefined ? '' : ` --manufacturer '${manufacturer.replaceAll("'", "'\\''")}'`;
  return `${what}: voltrace review ${decision} ${id} --kind gone${maker}\n`;
}

/** Items of a rule that one request decides. */
const perRequest = 100;

async function decideAll(
  api: ApiClient,
  id: string,
  body: { readonly decision: Decision; readonly reason: string; readonly all?: boolean },
): Promise<Omit<Decided, 'next'>> {
  const bar = progressBar('review');
  try {
    let decided = 0;
    const refused: Decided['refused'][number][] = [];
    const limit = body.all === true ? perRequest : undefined;
    for (let after: string | undefined; ;) {
      const path = `/v1/imports/${segment(id)}/review`;
      const request = { ...body, limit, after };
      const answer = await betweenRuns(api, id, () => api.post<Decided>(path, request));
      decided += answer.decided;
      refused.push(...answer.refused);
      const total = decided + answer.left;
      bar.update(decided + refused.length, total, `${decided} of ${total} decided`);
      if (answer.next === null) {
        const { left, gone } = answer;
        return { decided, refused, left, gone };
      }
      after = answer.next;
    }
  } finally {
    bar.stop();
  }
}

const shownRefused = 20;

async function printDecided(
  decision: Decision,
  { decided, refused }: Omit<Decided, 'next'>,
): Promise<void> {
  await write(`${decision === 'accept' ? 'Accepted' : 'Rejected'} ${counted(decided, 'item')}.\n`);
  if (refused.length === 0) return;
  await write('\nNot decided, and waiting on:\n');
  await printTable(
    ['row or product', 'why'],
    refused
      .slice(0, shownRefused)
      .map(({ row, productId, code, detail }) => [brief(row ?? productId), `${code}: ${detail}`]),
  );
  const more = refused.length - shownRefused;
  if (more > 0) await write(`${more} more; --json lists them all.\n`);
}

/** So that what was decided is taken from the rows. False where no row is left to redo. */
async function retry(api: ApiClient, id: string, reason: string): Promise<boolean> {
  try {
    const path = `/v1/imports/${segment(id)}/retry`;
    await betweenRuns(api, id, () => api.post(path, { reason }));
    return true;
  } catch (error) {
    if (error instanceof ApiProblem && error.problem.code === 'NOTHING_TO_RETRY') return false;
    throw error;
  }
}

/** Sends it again once the run that is under way has ended, such as that of somebody else who decided other rows. */
async function betweenRuns<T>(api: ApiClient, id: string, send: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await send();
    } catch (error) {
      const isRunning = error instanceof ApiProblem && error.problem.code === 'IMPORT_NOT_FINISHED';
      if (!isRunning) throw error;
      await waitForImport(api, id);
    }
  }
}
