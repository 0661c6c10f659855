import type { Command } from 'commander';

import { contextOf, segment } from '../context.js';
import { usage } from '../exit-codes.js';
import { defaultLimit, listRows } from '../list-rows.js';
import { printTable } from '../output.js';
import { addBrokerFiles } from './broker-files.js';
import { addDeviceReading } from './device-reading.js';
import { type Done, numberOf, post, reasonOption } from './post.js';

const limitHelp = `rows at most (${String(defaultLimit)} unless given)`;

interface Site {
  readonly id: string;
  readonly name: string;
  readonly timeZone: string;
  readonly status: string;
  readonly description: string;
}

export function addSiteCommands(voltrace: Command): void {
  const sites = voltrace.command('sites').description('places with devices');
  sites
    .command('list')
    .description('which sites there are, the newest first')
    .option('--name <name>', 'the one of this name')
    .option('--limit <n>', limitHelp)
    .action((options: { name?: string; limit?: string }, command: Command) => {
      const { api, json } = contextOf(command);
      const print = (items: readonly Site[]) =>
        printTable(
          ['id', 'name', 'time zone', 'status', 'description'],
          items.map((site) => [site.id, site.name, site.timeZone, site.status, site.description]),
        );
      const list = { path: '/v1/sites', query: { name: options.name }, json, print };
      return listRows<Site>(api, list, options);
    });
  sites
    .command('add')
    .description('register a site')
    .argument('<name>')
    .requiredOption('--time-zone <zone>', 'IANA name, such as Europe/Brussels')
    .option('--description <text>')
    .option(...reasonOption)
    .action((name: string, options: object, command: Command) =>
      post(command, '/v1/sites', { name, ...options }, ({ id }) => `Site ${id} is registered.`),
    );
}

export function addDeviceCommands(voltrace: Command): void {
  const devices = voltrace.command('devices').description('what measures or is controlled');
  addDeviceReading(devices);
  devices
    .command('add')
    .description('register a device, and attach it to a site with --site and --name')
    .argument('<type>', 'what kind of device it is, such as egauge')
    .option('--serial-number <number>')
    .option('--product-id <id>', 'product of the registry')
    .option('--site-id <id>', 'where it works')
    .option('--name <name>', 'its name there')
    .option('--at <time>', 'since when, ISO 8601 with zone')
    .option(...reasonOption)
    .action((type: string, options: object, command: Command) =>
      post(command, '/v1/devices', { type, ...options }, ({ id }) => `Device ${id} is registered.`),
    );
  change(devices, 'attach', 'attach a device to a site')
    .requiredOption('--site-id <id>', 'where it works')
    .requiredOption('--name <name>', 'its name there')
    .option('--at <time>', 'since when, ISO 8601 with zone');
  change(devices, 'detach', 'detach a device from its site').option(
    '--at <time>',
    'since when, ISO 8601 with zone',
  );
  change(devices, 'revoke-credential', 'refuse a credential of a device for good').requiredOption(
    '--credential <id>',
  );
  addSeries(devices);
  addCredentials(devices);
  devices
    .command('configure')
    .description('say with which configuration a device should run')
    .argument('<device>')
    .argument('<json>', 'all settings by name; a secret is {"$secret": "<name>"}')
    .option(...reasonOption)
    .action((device: string, text: string, options: object, command: Command) => {
      const path = `/v1/devices/${segment(device)}/configure`;
      return post(command, path, { configuration: parsed(text), ...options }, ({ revision }) => {
        return `Done: revision ${String(revision)}.`;
      });
    });
}

const addSeries = (devices: Command): void => {
  devices
    .command('declare-series')
    .description('say what the values of a series stand for')
    .argument('<device>')
    .argument('<series>')
    .option('--value-type <type>', 'number, boolean or text', 'number')
    .option('--unit <unit>')
    .option('--kind <kind>', 'gauge, total, net, state or text')
    .option('--interpolation <how>', 'hold or linear')
    .option('--interval-ms <ms>', 'expected time between two samples', numberOf)
    .option('--roll-over <value>', 'where a total starts again at zero', numberOf)
    .option('--low <value>', 'lowest plausible value', numberOf)
    .option('--high <value>', 'highest plausible value', numberOf)
    .option(...reasonOption)
    .action((device: string, series: string, options: object, command: Command) => {
      const path = `/v1/devices/${segment(device)}/declare-series`;
      return post(command, path, { series, ...options }, () => `Series ${series} is declared.`);
    });
};

interface Issued extends Done {
  readonly credential: string;
  readonly secret?: string;
  readonly note?: string;
}

const addCredentials = (devices: Command): void => {
  devices
    .command('issue-credential')
    .description('let a device connect; the secret is shown once')
    .argument('<device>')
    .option(...reasonOption)
    .action((device: string, options: object, command: Command) =>
      post<Issued>(
        command,
        `/v1/devices/${segment(device)}/issue-credential`,
        options,
        ({ credential, secret, note }) => `Credential ${credential}:\n${secret ?? note ?? ''}`,
      ),
    );
  addBrokerFiles(devices);
};

/** A command on a device whose options are the body. */
const change = (devices: Command, name: string, description: string): Command =>
  devices
    .command(name)
    .description(description)
    .argument('<device>')
    .option(...reasonOption)
    .action((device: string, options: object, command: Command) => {
      const path = `/v1/devices/${segment(device)}/${name}`;
      return post(command, path, options, ({ revision }) => {
        return `Done: revision ${String(revision)}.`;
      });
    });

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    throw usage('the configuration is no JSON; expected an object such as {"pollSeconds": 4}.');
  }
};
