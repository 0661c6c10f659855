import type { Command } from 'commander';

import type { ApiClient } from '../client.js';
import { contextOf, segment } from '../context.js';
import { CommandFailure, exitCodes } from '../exit-codes.js';
import { limitOption, listRows } from '../list-rows.js';
import { siteHelp, siteIdOf, zoneOfSite } from '../named.js';
import { counted, inBrief, printFields, printJson, printTable, write } from '../output.js';
import {
  printBuckets,
  printPlots,
  type ValueOptions,
  valueQuery,
  type Values,
  withValueOptions,
} from '../values.js';
import { history } from './history.js';
import { post, reasonOption } from './post.js';

interface Formula {
  readonly id: string;
  readonly name: string;
  readonly status: string;
  readonly version: number;
  readonly expression: string;
  readonly unit: string | null;
  readonly description: string;
}

export function addFormulaCommands(voltrace: Command): void {
  const formulas = voltrace
    .command('formulas')
    .description('series of a site that are computed from others');
  formulas
    .command('list')
    .description('which formulas a site has')
    .argument('<site>', siteHelp)
    .option(...limitOption)
    .action(list);
  formulas
    .command('show')
    .description('a formula with all its versions')
    .argument('<site>', siteHelp)
    .argument('<name>')
    .action(show);
  formulas
    .command('history')
    .description('who defined a formula, when and why')
    .argument('<site>', siteHelp)
    .argument('<name>')
    .action(historyOf);
  formulas
    .command('define')
    .description('define a formula, or define it anew: what it was stays as a version')
    .argument('<site>', siteHelp)
    .argument('<name>')
    .argument('<expression>', 'such as "pos(egauge.A.Solar) - analytics.load"')
    .option('--unit <unit>', 'that of what it is computed from unless given')
    .option('--description <text>')
    .option(...reasonOption)
    .action(define);
  formulas
    .command('withdraw')
    .description('use a formula no longer')
    .argument('<site>', siteHelp)
    .argument('<name>')
    .option(...reasonOption)
    .action(withdraw);
  formulas
    .command('house')
    .description(
      'define the sixteen formulas of a house, as far as its devices have what they need',
    )
    .argument('<site>', siteHelp)
    .option('--meter <name>', 'device that measures the circuits (egauge)')
    .option('--battery <name>', '(sonnen)')
    .option('--charger <name>', '(powerflex)')
    .option(...reasonOption)
    .action(house);
  for (const [name, about, print] of readings) {
    withValueOptions(
      formulas.command(name).description(about).argument('<site>', siteHelp).argument('<name>'),
    )
      .option('--formula-version <number>', 'the last one unless given')
      .option('--as-of <time>', 'ISO 8601 with zone or @position: by what was known then')
      .action(values(print));
  }
}

const readings = [
  ['values', 'what a formula says, by bucket', printBuckets],
  ['plot', 'a picture of what a formula says', (all: readonly Values[]) => printPlots(all, false)],
] as const;

async function list(site: string, options: { limit?: string }, own: Command): Promise<void> {
  const { api, json } = contextOf(own);
  const query = { siteId: await siteIdOf(api, site) };
  const print = (items: readonly Formula[]) =>
    printTable(
      ['name', 'version', 'unit', 'expression', 'description', ''],
      items.map((one) => [
        ...[one.name, one.version, one.unit, one.expression, one.description],
        one.status === 'withdrawn' ? 'withdrawn' : '',
      ]),
    );
  await listRows<Formula>(api, { path: '/v1/formulas', query, json, print }, options);
}

const pathOf = async (api: ApiClient, site: string, name: string): Promise<string> =>
  `/v1/sites/${segment(await siteIdOf(api, site))}/formulas/${segment(name)}`;

async function show(site: string, name: string, _options: object, own: Command): Promise<void> {
  const { api, json } = contextOf(own);
  const found = await api.get<{ status: string; versions: readonly Omit<Formula, 'id'>[] }>(
    await pathOf(api, site, name),
  );
  if (json) return printJson(found);
  await write(`${name} is ${found.status === 'inUse' ? 'in use' : 'withdrawn'}.\n`);
  await printTable(
    ['version', 'unit', 'expression', 'description'],
    found.versions.map((one) => [one.version, one.unit, one.expression, one.description]),
  );
}

async function historyOf(site: string, name: string, _options: object, own: Command) {
  const { api, json } = contextOf(own);
  const query = { siteId: await siteIdOf(api, site), name };
  for await (const { id } of api.items<Formula>('/v1/formulas', query, 1))
    return history(api, `/v1/formulas/${segment(id)}`, json);
  throw new CommandFailure(`The site has no formula ${name}.`, exitCodes.failed);
}

async function define(
  site: string,
  name: string,
  expression: string,
  options: object,
  own: Command,
): Promise<void> {
  const path = await pathOf(contextOf(own).api, site, name);
  return post(own, `${path}/define`, { expression, ...options }, () => `${name} is defined.`);
}

async function withdraw(site: string, name: string, options: object, own: Command): Promise<void> {
  const path = await pathOf(contextOf(own).api, site, name);
  return post(own, `${path}/withdraw`, options, () => `${name} is withdrawn.`);
}

interface HouseOptions {
  readonly meter?: string;
  readonly battery?: string;
  readonly charger?: string;
  readonly reason?: string;
}

/** Those that cannot be defined are named with what is missing; the others stay defined. */
async function house(
  site: string,
  { reason, ...names }: HouseOptions,
  own: Command,
): Promise<void> {
  const { api, json } = contextOf(own);
  const { items } = await api.get<{ items: readonly Formula[] }>('/v1/formula-templates/house', {
    ...names,
  });
  const told: { name: string; outcome: string }[] = [];
  for (const { name, ...definition } of items) {
    const path = `${await pathOf(api, site, name)}/define`;
    try {
      await api.post(path, { ...definition, ...(reason !== undefined && { reason }) });
      told.push({ name, outcome: 'defined' });
    } catch (error) {
      if (!(error instanceof CommandFailure) || error.exitCode !== exitCodes.failed) throw error;
      told.push({ name, outcome: error.message });
    }
  }
  const left = told.filter(({ outcome }) => outcome !== 'defined').length;
  if (left > 0) process.exitCode = exitCodes.failed;
  if (json) return printJson(told);
  await printFields(inBrief(Object.fromEntries(told.map((one) => [one.name, one.outcome]))));
  await write(`${counted(told.length - left, 'formula')} defined.\n`);
}

interface ReadOptions extends ValueOptions {
  readonly formulaVersion?: string;
  readonly asOf?: string;
}

type Answer = Omit<Values, 'title'> & { readonly formula: string };

const values =
  (print: (all: readonly Values[]) => Promise<void>) =>
  async (site: string, name: string, options: ReadOptions, own: Command): Promise<void> => {
    const { api, json } = contextOf(own);
    const { formulaVersion: version, asOf, ...rest } = options;
    const siteId = await siteIdOf(api, site);
    const range = await valueQuery({ bucket: '10m', fn: 'twa', ...rest }, () =>
      zoneOfSite(api, siteId),
    );
    const answer = await api.get<Answer>(`${await pathOf(api, siteId, name)}/samples`, {
      ...{ ...range, version, asOf },
    });
    await (json ? printJson(answer) : print([{ ...answer, title: answer.formula }]));
  };
