import type { Command } from 'commander';

import type { ApiClient } from '../client.js';
import { contextOf, segment } from '../context.js';
import { limitOption, listRows } from '../list-rows.js';
import { siteHelp, siteIdOf } from '../named.js';
import { inBrief, printFields, printJson, printTable } from '../output.js';
import { addHistory } from './history.js';
import { post, reasonOption } from './post.js';

interface Site {
  readonly id: string;
  readonly name: string;
  readonly timeZone: string;
  readonly status: string;
  readonly description: string;
}

const zoneHelp = 'IANA name, such as Europe/Brussels';

const pathOf = async (api: ApiClient, site: string): Promise<string> =>
  `/v1/sites/${segment(await siteIdOf(api, site))}`;

export function addSiteCommands(voltrace: Command): void {
  const sites = voltrace.command('sites').description('places with devices');
  sites
    .command('list')
    .description('which sites there are, the newest first')
    .option('--name <name>', 'the one of this name')
    .option(...limitOption)
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
    .command('show')
    .description('one site')
    .argument('<site>', siteHelp)
    .action(async (site: string, _options: object, command: Command) => {
      const { api, json } = contextOf(command);
      const found = await api.get<Site>(await pathOf(api, site));
      await (json ? printJson(found) : printFields(inBrief(found)));
    });
  sites
    .command('add')
    .description('register a site')
    .argument('<name>')
    .requiredOption('--time-zone <zone>', zoneHelp)
    .option('--description <text>')
    .option(...reasonOption)
    .action((name: string, options: object, command: Command) =>
      post(command, '/v1/sites', { name, ...options }, ({ id }) => `Site ${id} is registered.`),
    );
  for (const [verb, description, argument, member, help] of changes) {
    sites
      .command(verb)
      .description(description)
      .argument('<site>', siteHelp)
      .argument(argument, help)
      .option(...reasonOption)
      .action(async (site: string, value: string, options: object, command: Command) => {
        const path = `${await pathOf(contextOf(command).api, site)}/${verb}`;
        return post(command, path, { [member]: value, ...options }, ({ revision }) => {
          return `Site ${site} is at revision ${String(revision)}.`;
        });
      });
  }
  sites
    .command('retire')
    .description('use a site no longer; what was measured there stays')
    .argument('<site>', siteHelp)
    .option(...reasonOption)
    .action(async (site: string, options: object, command: Command) => {
      const path = `${await pathOf(contextOf(command).api, site)}/retire`;
      return post(command, path, options, () => `Site ${site} is retired.`);
    });
  addHistory(sites, ['<site>', siteHelp], pathOf);
}

const changes = [
  ['rename', 'give a site another name', '<new-name>', 'name', 'that no other site has'],
  ['describe', 'replace the description of a site', '<text>', 'description', ''],
  [
    ...(['set-time-zone', 'read a site by the days and months of another zone'] as const),
    ...(['<zone>', 'timeZone', zoneHelp] as const),
  ],
] as const;
