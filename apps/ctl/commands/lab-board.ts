import { setTimeout as sleep } from 'node:timers/promises';

import Table from 'cli-table3';
import type { Command } from 'commander';

import {
  boardColumns,
  boardLine,
  type BoardRecord,
  boardRow,
  type BoardStation,
  experimentLines,
} from '../board-lines.js';
import type { ApiClient } from '../client.js';
import { contextOf } from '../context.js';
import { exitCodes } from '../exit-codes.js';
import { follow } from '../live.js';
import { printJson, printTable, shown, write } from '../output.js';
import { Screen } from '../screen.js';

const path = '/v1/station-board';

/** `voltrace lab board` */
export const addLabBoard = (lab: Command): void => {
  lab
    .command('board')
    .description('what goes on at each station now')
    .option('--live', 'go on with each change until interrupted; a terminal is drawn over again')
    .action(async ({ live = false }: { live?: boolean }, command: Command) => {
      const { api, json } = contextOf(command);
      if (live) return followBoard(api, json);
      const { items } = await api.get<{ items: readonly BoardStation[] }>(path);
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
  for await (const data of follow(api, `${path}/live`, {}, undefined)) {
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

interface Watched {
  readonly stationId: string | null;
  readonly status: string;
  readonly step: {
    readonly stepCount: number;
    readonly stepId: number;
    readonly cycle: number;
  } | null;
  readonly message: string | null;
}

const pollMs = 1_000;
/** About five minutes of what a station is shown with. */
const mostRecords = 600;
const ends: ReadonlySet<string> = new Set([
  'completed',
  'aborted',
  'failed',
  'cancelled',
  'imported',
]);

/** Shows what an experiment does until it ends: on a terminal as it goes, else line by line what is new. */
export async function watchExperiment(
  api: ApiClient,
  experimentPath: string,
  json: boolean,
): Promise<void> {
  const watched = await api.get<Watched>(experimentPath);
  const screen = json || ends.has(watched.status) ? undefined : Screen.open();
  const stopping = new AbortController();
  if (screen && watched.stationId !== null) {
    void drawExperiment(api, experimentPath, watched.stationId, screen, stopping.signal).catch(
      (error: unknown) => process.stderr.write(`${String(error)}\n`),
    );
  }
  const end = await untilEnded(api, experimentPath, async (line) => {
    if (!json && !screen) await write(`${line}\n`);
  });
  stopping.abort();
  if (json) await printJson(end);
  else if (screen) await write(`${lineOf(end)}\n`);
  if (end.status !== 'completed' && end.status !== 'imported') process.exitCode = exitCodes.failed;
  // What follows the board waits for the next change of it.
  if (screen) process.exit();
}

async function untilEnded(
  api: ApiClient,
  experimentPath: string,
  say: (line: string) => Promise<void>,
): Promise<Watched> {
  let said = '';
  for (;;) {
    const experiment = await api.get<Watched>(experimentPath);
    const line = lineOf(experiment);
    // Only what is new: an experiment may take weeks.
    if (line !== said) await say(line);
    said = line;
    if (ends.has(experiment.status)) return experiment;
    await sleep(pollMs);
  }
}

async function drawExperiment(
  api: ApiClient,
  experimentPath: string,
  stationId: string,
  screen: Screen,
  signal: AbortSignal,
): Promise<void> {
  const id = experimentPath.slice(experimentPath.lastIndexOf('/') + 1);
  const records: BoardRecord[] = [];
  for await (const data of follow(api, `${path}/live`, { stationId }, undefined)) {
    if (signal.aborted) return;
    const station = JSON.parse(data) as BoardStation;
    const { experiment } = station;
    if (experiment?.id !== id) {
      const before = experiment ? `${experiment.name} has the station` : 'its turn comes next';
      if (records.length === 0) await screen.draw([shown(`queued: ${before}`)]);
      continue;
    }
    const { latest } = experiment;
    if (latest && latest.testTimeS !== records.at(-1)?.testTimeS) records.push(latest);
    if (records.length > mostRecords) records.shift();
    await screen.draw(experimentLines({ station, experiment, records, width: screen.width }));
  }
}

const lineOf = ({ status, step, message }: Watched): string => {
  const place =
    step === null || ends.has(status)
      ? ''
      : `  step ${String(step.stepCount)} (${String(step.stepId)} of the program), cycle ${String(step.cycle)}`;
  return `${status}${place}${message === null ? '' : `  ${shown(message)}`}`;
};
