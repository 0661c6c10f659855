import { setTimeout as sleep } from 'node:timers/promises';

import {
  type BoardStation,
  experimentLines,
  type PlottedRecord,
  type WatchedCycle,
} from '../board-lines.js';
import type { ApiClient, Query } from '../client.js';
import { CommandFailure, exitCodes } from '../exit-codes.js';
import { follow } from '../live.js';
import { printJson, shown, write } from '../output.js';
import { Screen } from '../screen.js';
import { boardPath } from './lab-board.js';

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
/** Statistics of a cycle come a little after its end. */
const askMs = 3_000;
/** What is plotted: about five minutes of what a station is shown with. */
const mostRecords = 1_000;
/** Of the test, before the watching began. */
const firstS = 180;
/** Of the test, between two records of the board: what is longer hides records. */
const missedS = 30;
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
  const records: PlottedRecord[] = [];
  let lastCycle: WatchedCycle | undefined;
  let askedAt = -Infinity;
  for await (const data of follow(api, `${boardPath}/live`, { stationId }, undefined)) {
    if (signal.aborted) return;
    const station = JSON.parse(data) as BoardStation;
    const { experiment } = station;
    if (experiment?.id !== id) {
      const before = experiment ? `${experiment.name} has the station` : 'its turn comes next';
      if (records.length === 0) await screen.draw([shown(`queued: ${before}`)]);
      continue;
    }
    const { latest, step } = experiment;
    if (latest) records.push(...(await plottedNext(api, experimentPath, records.at(-1), latest)));
    records.splice(0, records.length - mostRecords);
    const isKnown = !step || step.cycle < 2 || lastCycle?.cycle === step.cycle - 1;
    if (!isKnown && performance.now() - askedAt >= askMs) {
      askedAt = performance.now();
      lastCycle = await cycleBefore(api, experimentPath, step.cycle);
    }
    const { width } = screen;
    await screen.draw(experimentLines({ station, experiment, records, lastCycle, width }));
  }
}

/**
 * What is plotted after the last one: the latest record, with those of the last minutes where it is the first, so that there
 * is something to see at once, and with those between where the board shows few of them, as when time is simulated.
 */
const plottedNext = async (
  api: ApiClient,
  experimentPath: string,
  last: PlottedRecord | undefined,
  latest: PlottedRecord,
): Promise<readonly PlottedRecord[]> => {
  const lastS = last?.testTimeS ?? -1;
  if (latest.testTimeS <= lastS) return [];
  if (last && latest.testTimeS - lastS < missedS) return [latest];
  const fromS = last ? lastS : Math.max(0, latest.testTimeS - firstS);
  const query = { from: String(Math.floor(fromS)), limit: mostRecords };
  const between = await itemsOf<PlottedRecord>(api, `${experimentPath}/records`, query);
  const isNew = ({ testTimeS }: PlottedRecord) => testTimeS > lastS && testTimeS < latest.testTimeS;
  return [...between.filter(isNew), latest];
};

const cycleBefore = async (
  api: ApiClient,
  experimentPath: string,
  cycle: number,
): Promise<WatchedCycle | undefined> =>
  (await itemsOf<WatchedCycle>(api, `${experimentPath}/cycles`, { cycle: cycle - 1 }))[0];

/** None where the read model of records does not answer now: the watching goes on without. */
const itemsOf = async <T>(api: ApiClient, path: string, query: Query): Promise<readonly T[]> => {
  try {
    return (await api.get<{ items: readonly T[] }>(path, query)).items;
  } catch (error) {
    if (error instanceof CommandFailure) return [];
    throw error;
  }
};

const lineOf = ({ status, step, message }: Watched): string => {
  const place =
    step === null || ends.has(status)
      ? ''
      : `  step ${String(step.stepCount)} (${String(step.stepId)} of the program), cycle ${String(step.cycle)}`;
  return `${status}${place}${message === null ? '' : `  ${shown(message)}`}`;
};
