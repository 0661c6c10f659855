import { setTimeout as sleep } from 'node:timers/promises';

import { LabSystem, type Station } from '#test/lab/lab-system.js';

import { cpuSeconds } from './cpu.js';
import { quantile, type Row, rssMiB } from './report.js';

const units = 4;
const stationsPerUnit = 5;
const channels = 24;
const perSecond = 5;
const lateMs = 2_000;

interface Process {
  readonly name: string;
  readonly pid: number;
}

/** Twenty stations that record five times a second with 24 channels, in real time, while operators pause and resume. */
export const benchLab = async (minutes: number): Promise<Row[]> => {
  const lab = await LabSystem.start();
  try {
    const stations: Station[] = [];
    for (let unit = 0; unit < units; unit += 1) {
      const env = {
        ...{
          SIM_SPEED: '1',
          SIM_STEP_MS: String(1_000 / perSecond),
          SIM_START_DAYS_AGO: '0',
        },
        SIM_CHANNELS: String(channels),
      };
      stations.push(...(await lab.newStations(stationsPerUnit, env)));
    }
    const ids = await Promise.all(stations.map((station) => station.queue(program)));
    await untilAllRun(lab, ids);
    const processes = processesOf(lab, stations);
    const cpu = processes.map(({ pid }) => cpuSeconds(pid));
    const [lags, answers] = [new Map<string, number[]>(), [] as number[]];
    const began = performance.now();
    const recordsBefore = await recordsOf(lab, ids);
    for (let turn = 0; performance.now() - began < minutes * 60_000; turn += 1) {
      answers.push(await pauseAndResume(lab, ids[turn % ids.length] ?? ''));
      await noteLags(lab, lags);
      await sleep(1_000);
    }
    const seconds = (performance.now() - began) / 1_000;
    const records = (await recordsOf(lab, ids)) - recordsBefore;
    for (const [index, { name, pid }] of processes.entries()) {
      const share = ((cpuSeconds(pid) - (cpu[index] ?? 0)) / seconds) * 100;
      const mib = (await rssMiB(pid)).toFixed(0);
      console.log(`  ${name}: ${share.toFixed(1)} % of a core, ${mib} MiB`);
    }
    return rowsOf(records / seconds, lags, answers);
  } finally {
    await lab.stop();
  }
};

const program = {
  record: { everyS: 1 / perSecond },
  steps: [
    {
      loop: [
        { do: 'cc', currentA: 1, until: [{ timeS: 30 }] },
        { do: 'cc', currentA: -1, until: [{ timeS: 30 }] },
      ],
      times: 200,
    },
  ],
};

const untilAllRun = async (lab: LabSystem, ids: readonly string[]): Promise<void> => {
  for (const id of ids) {
    while ((await lab.get(`/v1/experiments/${id}`))['status'] !== 'running') await sleep(100);
  }
};

const processesOf = (lab: LabSystem, stations: readonly Station[]): readonly Process[] => [
  ...lab.voltrace.children(),
  ...[...new Set(stations.map(({ unit }) => unit))].flatMap(({ pid }, at) =>
    pid === undefined ? [] : [{ name: `unit ${String(at + 1)}`, pid }],
  ),
];

/** Records that can be read, by the newest of each experiment. */
const recordsOf = async (lab: LabSystem, ids: readonly string[]): Promise<number> => {
  let records = 0;
  for (const id of ids) {
    const { items } = await lab.get(`/v1/experiments/${id}/step-statistics?limit=1000`);
    for (const { records: count } of items as readonly {
      readonly records: number;
    }[]) {
      records += count;
    }
  }
  return records;
};

/** Milliseconds until the unit has done both, as anybody sees it; the longer one of them. */
const pauseAndResume = async (lab: LabSystem, id: string): Promise<number> => {
  let longest = 0;
  for (const [order, status] of [
    ['pause', 'paused'],
    ['resume', 'running'],
  ] as const) {
    const began = performance.now();
    await lab.post(`/v1/experiments/${id}/${order}`, { reason: 'as measured' });
    while ((await lab.get(`/v1/experiments/${id}`))['status'] !== status) await sleep(20);
    longest = Math.max(longest, performance.now() - began);
  }
  return longest;
};

const noteLags = async (lab: LabSystem, lags: Map<string, number[]>): Promise<void> => {
  for (const name of ['experiments', 'cycler-records', 'cycler-control']) {
    const { lagSeconds } = await lab.get(`/v1/subscriptions/${name}`);
    if (typeof lagSeconds === 'number') lags.set(name, [...(lags.get(name) ?? []), lagSeconds]);
  }
};

const rowsOf = (
  rate: number,
  lags: ReadonlyMap<string, readonly number[]>,
  answers: readonly number[],
): Row[] => {
  const wanted = units * stationsPerUnit * perSecond;
  const late = answers.filter((ms) => ms > lateMs).length;
  return [
    {
      path: `records of ${String(units * stationsPerUnit)} stations with ${String(channels)} channels`,
      measured: `${rate.toFixed(1)}/s`,
      target: `${String(wanted)}/s`,
      met: rate > 0.95 * wanted,
    },
    ...[...lags].map(([name, seconds]) => ({
      path: `lag of ${name}`,
      measured: `median ${quantile(seconds, 0.5).toFixed(2)} s, longest ${Math.max(...seconds).toFixed(2)} s`,
      ...{ target: '< 1 s', met: quantile(seconds, 0.99) < 1 },
    })),
    {
      path: 'instructions, until seen done',
      measured: `median ${quantile(answers, 0.5).toFixed(0)} ms, longest ${Math.max(...answers).toFixed(0)} ms, ${String(late)} of ${String(answers.length)} late`,
      ...{ target: 'none after 2 s', met: late === 0 },
    },
  ];
};
