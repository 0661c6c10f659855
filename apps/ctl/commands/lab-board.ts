import { setTimeout as sleep } from 'node:timers/promises';

import Table from 'cli-table3';
import type { Command } from 'commander';

import { boardColumns, boardLine, boardRow, type BoardStation } from '../board-lines.js';
import type { ApiClient } from '../client.js';
import { contextOf } from '../context.js';
import { follow } from '../live.js';
import { printJson, printTable, write } from '../output.js';
import { Screen } from '../screen.js';

export const boardPath = '/v1/station-board';

/** `voltrace lab board` */
export const addLabBoard = (lab: Command): void => {
  lab
    .command('board')
    .description('what goes on at each station now')
    .option('--live', 'go on with each change until interrupted; a terminal is drawn over again')
    .action(async ({ live = false }: { live?: boolean }, command: Command) => {
      const { api, json } = contextOf(command);
      if (live) return followBoard(api, json);
      const { items } = await api.get<{ items: readonly BoardStation[] }>(boardPath);
      return json ? printJson(items) : printTable(boardColumns, items.map(boardRow));
    });
};

/** Redrawn so often at most; what comes in between is shown with the next. */
const drawMs = 250;

async function followBoard(api: ApiClient, json: boolean): Promise<void> {
  const stations = new Map<string, BoardStation>();
  const screen = json ? undefined : Screen.open();
  let isDrawing = false;
  const draw = async (): Promise<void> => {
    if (isDrawing) return;
    isDrawing = true;
    await sleep(drawMs);
    isDrawing = false;
    await screen?.draw(tableOf([...stations.values()]));
  };
  for await (const data of follow(api, `${boardPath}/live`, {}, undefined)) {
    const station = JSON.parse(data) as BoardStation;
    if (station.status === 'inUse') stations.set(station.id, station);
    else stations.delete(station.id);
    if (json) await write(`${data}\n`);
    else if (screen) void draw();
    else await write(`${boardLine(station)}\n`);
  }
}

const tableOf = (stations: readonly BoardStation[]): string[] => {
  const table = new Table({ head: boardColumns, style: { head: [], border: [] } });
  const byName = stations.toSorted((one, other) => (one.name < other.name ? -1 : 1));
  table.push(...byName.map((station) => boardRow(station)));
  return table.toString().split('\n');
};
