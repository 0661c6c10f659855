import { type Command, Option } from 'commander';

import { contextOf, segment } from '../context.js';
import { brief, printJson, printTable } from '../output.js';
import { addKind, type Kind, onThing } from './lab-reading.js';
import { jsonOf, numberOf, post, rangeOf, reasonOption } from './post.js';

export const batteries: Kind = {
  ...{ word: 'batteries', about: 'batteries of the lab', one: 'battery', path: '/v1/batteries' },
  namedBy: 'serialNumber',
  filters: [
    'name',
    'manufacturer',
    'model',
    'serial-number',
    'technology',
    'chemistry',
    'product-id',
  ],
  ofProduct: true,
  columns: ['name', 'manufacturer', 'model', 'serialNumber', 'chemistry', 'nominalCapacityAh'],
};

interface Limits {
  readonly voltage: object;
  readonly current: object;
  readonly temperature: object;
}

const limitsOf = ({ voltage, current, temperature }: Partial<Limits>) => ({
  ...{ voltageV: voltage, currentA: current, temperatureC: temperature },
});

/** With what a battery is and must not leave; `isRequired`: all of it is to be said. */
const withFacts = (command: Command, isRequired: boolean): Command => {
  const facts = [
    new Option('--manufacturer <name>'),
    new Option('--model <name>'),
    new Option('--technology <word>', 'lithium, leadAcid or redoxFlow'),
    new Option('--chemistry <word>', 'such as LFP, gel or allVanadium'),
    new Option('--nominal-capacity-ah <number>', 'in Ah').argParser(numberOf),
  ];
  for (const fact of facts) command.addOption(fact.makeOptionMandatory(isRequired));
  return withLimits(command, isRequired)
    .requiredOption('--serial-number <number>')
    .option('--description <text>')
    .option('--manufactured-on <day>')
    .option('--active-mass-g <number>', 'in g, for capacities in mAh/g', numberOf)
    .option('--redox-flow <json>', 'data of the stack and its electrolytes', jsonOf)
    .option(...reasonOption);
};

const withLimits = (command: Command, isRequired = true): Command => {
  const limits = [
    new Option('--voltage <range>', 'of the whole battery in V, such as 2.5..4.2'),
    new Option('--current <range>', 'in A, negative discharges, such as -10..5'),
    new Option('--temperature <range>', 'in degC, such as 0..45'),
  ];
  for (const limit of limits) {
    command.addOption(limit.argParser(rangeOf).makeOptionMandatory(isRequired));
  }
  return command;
};

/** `voltrace lab batteries ...` */
export const addLabBatteries = (lab: Command): void => {
  const group = addKind(lab, batteries);
  withFacts(group.command('add').description('register a battery').argument('<name>', called), true)
    .option('--cells-in-series <number>', '1 unless given', numberOf, 1)
    .option('--product-id <id>', 'product of the registry: its id, or any of its codes')
    .action((name: string, options: Limits, command: Command) => {
      const { voltage, current, temperature, ...rest } = options;
      const body = { name, ...rest, limits: limitsOf({ voltage, current, temperature }) };
      return post(command, batteries.path, body, registered);
    });
  group
    .command('propose')
    .description('what the registry says of a battery of a product, and what it does not')
    .argument(...ofProduct)
    .action(propose);
  withFacts(
    group
      .command('add-proposed')
      .description(
        'register a battery with what the registry says of its product (see propose) and you confirm by it; what you say yourself counts',
      )
      .argument(...ofProduct)
      .argument('<name>', called),
    false,
  )
    .option('--cells-in-series <number>', 'as proposed unless given', numberOf)
    .action(addProposed);
  onThing(group, batteries, {
    name: 'rename',
    about: 'call a battery something else',
  }).requiredOption('--name <name>');
  const revise = { name: 'revise-limits', about: 'drive a battery within other ranges' };
  withLimits(
    onThing<Limits & { reason?: string }>(group, batteries, revise, (options) => ({
      ...{ limits: limitsOf(options), reason: options.reason },
    })),
  );
  const product = { name: 'set-product', about: 'say of which product a battery is one' };
  onThing(group, batteries, product).option(
    '--product-id <id>',
    'its id, or any of its codes; none unless given',
  );
};

const called = 'what the lab calls it';
const ofProduct = ['<product>', 'its id, or any of its codes'] as const;
const registered = ({ id }: { readonly id: string }) => `Battery ${id} is registered.`;

interface Proposal {
  readonly productId: string;
  readonly battery: Readonly<Record<string, unknown>> & { readonly limits: object };
  readonly sources: readonly {
    readonly pointer: string;
    readonly from: readonly string[];
    readonly how: string | null;
  }[];
  readonly open: readonly { readonly pointer: string; readonly reason: string }[];
}

const proposalPath = (product: string): string =>
  `/v1/products/${segment(product)}/battery-proposal`;

async function propose(product: string, _options: object, command: Command): Promise<void> {
  const { api, json } = contextOf(command);
  const proposal = await api.get<Proposal>(proposalPath(product));
  if (json) return printJson(proposal);
  const { battery, sources, open } = proposal;
  const values = { ...battery, ...battery.limits };
  const nameOf = (pointer: string): string => pointer.slice(pointer.lastIndexOf('/') + 1);
  await printTable(
    ['what', 'proposed', 'from', 'how'],
    [
      ...sources.map(({ pointer, from, how }) => [
        ...[nameOf(pointer), brief(values[nameOf(pointer) as keyof typeof values])],
        ...[from.join(', '), how],
      ]),
      ...open.map(({ pointer, reason }) => [nameOf(pointer), '', '', `open: ${reason}`]),
    ],
  );
}

async function addProposed(
  product: string,
  name: string,
  options: Partial<Limits>,
  command: Command,
): Promise<void> {
  const { battery, productId } = await contextOf(command).api.get<Proposal>(proposalPath(product));
  const { voltage: _v, current: _c, temperature: _t, ...rest } = options;
  const own = Object.entries(limitsOf(options));
  const limits = { ...battery.limits, ...Object.fromEntries(own.filter(([, range]) => range)) };
  return post(
    command,
    batteries.path,
    { name, productId, ...battery, ...rest, limits },
    registered,
  );
}
