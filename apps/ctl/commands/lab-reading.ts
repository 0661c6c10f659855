import type { Command } from 'commander';

import type { ApiClient } from '../client.js';
import { contextOf, segment } from '../context.js';
import { CommandFailure, exitCodes, usage } from '../exit-codes.js';
import { defaultLimit, listRows } from '../list-rows.js';
import { brief, inBrief, printFields, printJson, printTable } from '../output.js';
import { post, reasonOption } from './post.js';

/** A kind of thing that a lab has. */
export interface Kind {
  /** Its word on the command line. */
  readonly word: string;
  readonly about: string;
  /** One of them. */
  readonly one: string;
  readonly path: string;
  /** What one may be named by besides its id: a member that the list filters by. None: by its id alone. */
  readonly namedBy?: string;
  /** True: it is never retired, and a name is that of every one that there ever was. */
  readonly isKept?: boolean;
  /** Filters of the list: options without their dashes, as the API has them in camelCase. */
  readonly filters: readonly string[];
  /** Filters by other things, which are named as elsewhere: `battery` is `batteryId` of the API. */
  readonly of?: () => Readonly<Record<string, Kind>>;
  readonly columns: readonly string[];
  /** Those of a product of the registry can be listed. */
  readonly ofProduct?: true;
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** How many of one name a message lists, the newest first. */
const maxNamed = 5;

/** The id of a thing that is given by its id, or by what its kind is named by. */
export const thingIdOf = async (
  api: ApiClient,
  { path, word, one, namedBy, isKept = false }: Kind,
  given: string,
): Promise<string> => {
  if (uuid.test(given)) return given.toLowerCase();
  if (namedBy === undefined) {
    throw usage(`"${given}" is no id, and ${word} are named by their ids alone.`);
  }
  const found: string[] = [];
  const query = { [namedBy]: given, ...(!isKept && { status: 'inUse' }) };
  for await (const { id } of api.items<{ readonly id: string }>(path, query, maxNamed)) {
    found.push(id);
  }
  const [id] = found;
  if (id !== undefined && found.length === 1) return id;
  const said =
    found.length === 0
      ? `There is no ${one} ${isKept ? '' : 'in use '}with the ${namedBy} "${given}".`
      : `There is more than one ${one} "${given}": name the id, such as ${found.join(', ')}.`;
  throw new CommandFailure(said, exitCodes.failed);
};

/** How one of a kind is named on the command line. */
export const argumentOf = ({ one, namedBy }: Kind): [string, string] => [
  `<${one}>`,
  namedBy === undefined ? 'its id' : `its id or ${namedBy}`,
];

interface CommandOnThing {
  readonly name: string;
  readonly about: string;
  /** True: it is not done without a reason. */
  readonly needsReason?: boolean;
}

/** A command on one thing; `body` makes the body of its options. */
export const onThing = <O extends object>(
  group: Command,
  kind: Kind,
  { name, about, needsReason = false }: CommandOnThing,
  body: (options: O, api: ApiClient) => object | Promise<object> = (options) => options,
): Command => {
  const command = group.command(name).description(about);
  command.argument(...argumentOf(kind));
  command[needsReason ? 'requiredOption' : 'option'](...reasonOption);
  return command.action(async (given: string, options: O) => {
    const { api } = contextOf(command);
    const path = `${kind.path}/${await thingIdOf(api, kind, given)}/${name}`;
    const sent = await body(options, api);
    return post(command, path, sent, ({ revision }) => `Done: revision ${String(revision)}.`);
  });
};

interface Change {
  readonly event: string;
  readonly recordedAt: string;
  readonly actor: { readonly id: string; readonly name?: string | null };
  readonly reason: string | null;
  readonly changes: readonly {
    readonly path: string;
    readonly from: unknown;
    readonly to: unknown;
  }[];
}

const none = (): Readonly<Record<string, Kind>> => ({});

const camelCase = (option: string): string =>
  option.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());

const list =
  ({ path: all, word, filters, of = none, columns }: Kind) =>
  async (options: Readonly<Record<string, string>>, command: Command): Promise<void> => {
    const { api, json } = contextOf(command);
    const { product } = options;
    const path = product === undefined ? all : `/v1/products/${segment(product)}/${word}`;
    const names = [...filters, 'status'].map(camelCase);
    const query = Object.fromEntries(names.map((name) => [name, options[name]]));
    for (const [name, kind] of Object.entries(of())) {
      const given = options[name];
      if (given !== undefined) query[`${name}Id`] = await thingIdOf(api, kind, given);
    }
    const print = (items: readonly Readonly<Record<string, unknown>>[]) =>
      printTable(
        ['id', ...columns, 'status'],
        items.map((item) => ['id', ...columns, 'status'].map((column) => brief(item[column]))),
      );
    return listRows(api, { path, query, json, print }, options);
  };

const show =
  (kind: Kind) =>
  async (given: string, { asOf }: { asOf?: string }, command: Command): Promise<void> => {
    const { api, json } = contextOf(command);
    const path = `${kind.path}/${segment(await thingIdOf(api, kind, given))}`;
    const found = await api.get<object>(path, { asOf });
    await (json ? printJson(found) : printFields(inBrief(found)));
  };

const history =
  (kind: Kind) =>
  async (given: string, _options: object, command: Command): Promise<void> => {
    const { api, json } = contextOf(command);
    const path = `${kind.path}/${segment(await thingIdOf(api, kind, given))}/history`;
    const items: Change[] = [];
    for await (const item of api.items<Change>(path, {})) items.push(item);
    if (json) return printJson(items);
    await printTable(
      ['recorded at', 'event', 'by', 'why', 'changed'],
      items.map(({ recordedAt, event, actor, reason, changes }) => [
        ...[recordedAt, event, actor.name ?? actor.id, reason],
        changes.map(({ path: changed, to }) => `${changed}: ${brief(to)}`).join('\n'),
      ]),
    );
  };

/** The group of a kind, with what is read of every kind: list, show and history. */
export const addReading = (lab: Command, kind: Kind): Command => {
  const { word, about, one, filters, of = none, ofProduct } = kind;
  const group = lab.command(word).description(about);
  const listing = group.command('list').description(`Lists ${about}, the newest first.`);
  for (const name of [...filters, 'status']) listing.option(`--${name} <${name}>`);
  for (const [name, { namedBy = '' }] of Object.entries(of())) {
    listing.option(`--${name} <${name}>`, `only those of it: its id or ${namedBy}`);
  }
  if (ofProduct)
    listing.option('--product <product>', 'only those of it: its id, or any of its codes');
  listing
    .option('--limit <n>', `rows at most (${String(defaultLimit)} unless given)`)
    .action(list(kind));
  group
    .command('show')
    .description(`Shows one ${one}.`)
    .argument(...argumentOf(kind))
    .option('--as-of <time>', 'ISO 8601 with zone or @position: as it stood then')
    .action(show(kind));
  group
    .command('history')
    .description(`Shows who changed what of one ${one}, when and why.`)
    .argument(...argumentOf(kind))
    .action(history(kind));
  return group;
};

/** The group of a kind of which one can be retired, too. */
export const addKind = (lab: Command, kind: Kind): Command => {
  const group = addReading(lab, kind);
  const about = `use a ${kind.one} no more; what was measured stays`;
  onThing(group, kind, { name: 'retire', about });
  return group;
};
