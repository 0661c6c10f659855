import type { Command } from 'commander';

import type { ApiClient } from '../client.js';
import { contextOf, segment } from '../context.js';
import { usage } from '../exit-codes.js';
import { deviceHelp, deviceIdOf, siteHelp, siteIdOf } from '../named.js';
import { addBrokerFiles } from './broker-files.js';
import { addDeviceReading } from './device-reading.js';
import { type Done, numberOf, post, reasonOption } from './post.js';

export function addDeviceCommands(voltrace: Command): void {
  const devices = voltrace.command('devices').description('what measures or is controlled');
  addDeviceReading(devices);
  devices
    .command('add')
    .description('register a device, and attach it to a site with --site and --name')
    .argument('<type>', 'what kind of device it is, such as egauge')
    .option('--serial-number <number>')
    .option('--product-id <id>', 'product of the registry')
    .option('--site <site>', `where it works: ${siteHelp}`)
    .option('--name <name>', 'its name there')
    .option('--at <time>', 'since when, ISO 8601 with zone')
    .option(...reasonOption)
    .action(async (type: string, options: object, command: Command) => {
      const body = { type, ...(await withSiteId(contextOf(command).api, options)) };
      return post(command, '/v1/devices', body, ({ id }) => `Device ${id} is registered.`);
    });
  change(devices, 'attach', 'attach a device to a site')
    .requiredOption('--site <site>', `where it works: ${siteHelp}`)
    .requiredOption('--name <name>', 'its name there')
    .option('--at <time>', 'since when, ISO 8601 with zone');
  change(devices, 'detach', 'detach a device from its site').option(
    '--at <time>',
    'since when, ISO 8601 with zone',
  );
  change(devices, 'rename', 'give a device another name at its site').requiredOption(
    '--name <name>',
    'that no other device of the site has',
  );
  devices
    .command('set-product')
    .description('say of which product of the registry a device is one')
    .argument('<device>', deviceHelp)
    .argument('[product-id]', 'none unless given')
    .option(...reasonOption)
    .action((device: string, productId: string | undefined, options: object, command: Command) => {
      const body = { productId: productId ?? null, ...options };
      return postTo(command, device, 'set-product', body, atRevision);
    });
  change(devices, 'retire', 'use a device no longer, and let it connect no more');
  change(devices, 'revoke-credential', 'refuse a credential of a device for good').requiredOption(
    '--credential <id>',
    'as `devices credentials` shows it',
  );
  addSeries(devices);
  addCredentials(devices);
  devices
    .command('configure')
    .description('say with which configuration a device should run')
    .argument('<device>', deviceHelp)
    .argument('<json>', 'all settings by name; a secret is {"$secret": "<name>"}')
    .option(...reasonOption)
    .action((device: string, text: string, options: object, command: Command) => {
      const body = { configuration: parsed(text), ...options };
      return postTo(command, device, 'configure', body, atRevision);
    });
}

interface AtSite {
  readonly site?: string;
}

/** Options as the body has them: a site may be named. */
const withSiteId = async (api: ApiClient, options: object): Promise<object> => {
  const { site, ...rest } = options as AtSite;
  return { ...rest, ...(site !== undefined && { siteId: await siteIdOf(api, site) }) };
};

const atRevision = ({ revision }: Done): string => `Done: revision ${String(revision)}.`;

/** Sends a command to a device, which may be named. */
const postTo = async <T extends object = Done>(
  command: Command,
  device: string,
  verb: string,
  body: object,
  said: (done: T) => string,
): Promise<void> => {
  const { api } = contextOf(command);
  const path = `/v1/devices/${segment(await deviceIdOf(api, device))}/${verb}`;
  return post<T>(command, path, await withSiteId(api, body), said);
};

const addSeries = (devices: Command): void => {
  devices
    .command('declare-series')
    .description('say what the values of a series stand for')
    .argument('<device>', deviceHelp)
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
      const body = { series, ...options };
      return postTo(command, device, 'declare-series', body, () => `Series ${series} is declared.`);
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
    .argument('<device>', deviceHelp)
    .option(...reasonOption)
    .action((device: string, options: object, command: Command) =>
      postTo<Issued>(
        command,
        device,
        'issue-credential',
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
    .argument('<device>', deviceHelp)
    .option(...reasonOption)
    .action((device: string, options: object, command: Command) =>
      postTo(command, device, name, options, atRevision),
    );

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    throw usage('The configuration is no JSON; expected an object such as {"pollSeconds": 4}.');
  }
};
