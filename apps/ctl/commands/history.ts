import type { Command } from 'commander';

import type { ApiClient } from '../client.js';
import { contextOf } from '../context.js';
import { printJson } from '../output.js';
import { type HistoryItem, printHistory } from '../product-output.js';

/** Who changed what, when and why, by the path of the thing. */
export const history = async (api: ApiClient, path: string, json: boolean): Promise<void> => {
  const items: HistoryItem[] = [];
  for await (const item of api.items<HistoryItem>(`${path}/history`, {})) items.push(item);
  await (json ? printJson({ items, nextCursor: null }) : printHistory(items));
};

/** A command `history` of a group; `pathOf` finds the thing that is named. */
export const addHistory = (
  group: Command,
  [argument, help]: readonly [string, string?],
  pathOf: (api: ApiClient, named: string) => Promise<string>,
): Command =>
  group
    .command('history')
    .description('who changed what, when and why')
    .argument(argument, help)
    .action(async (named: string, _options: object, command: Command) => {
      const { api, json } = contextOf(command);
      await history(api, await pathOf(api, named), json);
    });
