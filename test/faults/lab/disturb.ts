import { setTimeout as sleep } from 'node:timers/promises';

import type { LabSystem, Station, UnitProcess } from '#test/lab/lab-system.js';
import { pick, shuffled } from '#test/support/seeded.js';
import { until } from '#testing/until.js';

import { databaseUrlOf, eventStoreUrlOf } from '../operate.js';

/** What is harmed: a lab, its stations, and the units that these are outputs of. */
export interface Victims {
  readonly lab: LabSystem;
  /** What supervises beside the process of the system, from some moment of a round to its end. */
  readonly second: SecondControl;
  readonly stations: readonly Station[];
  readonly units: readonly UnitProcess[];
}

/** Units make safe when they hear of nobody for so long. */
export const leaseMs = 6_000;
/** Experiments without records for so long are ended. */
export const silentMs = 20_000;
/** A process that others keep from running is late by so much. */
const lateMs = 2_000;

const apps = ['api', 'cycler-control', 'mqtt-broker', 'event-node', 'projector', 'consumers'];
/** What units are supervised through: when one stands still for so long, so is the lease over. */
const lifelines = {
  'cycler-control': leaseMs,
  'mqtt-broker': leaseMs,
  postgres: leaseMs,
  // Who supervises grants for as long again, until it knows that it is behind.
  'event-node': 2 * leaseMs,
} as const;
type Lifeline = keyof typeof lifelines;
const freezesMs = [300, 2_000] as const;
const harmsPerRound = 11;

type Harm =
  | { readonly what: 'kill'; readonly app: string }
  | { readonly what: 'freeze'; readonly app: string }
  | { readonly what: 'outlast the lease by'; readonly app: Lifeline }
  | { readonly what: 'two of'; readonly app: 'cycler-control' }
  | { readonly what: 'kill'; readonly unit: UnitProcess }
  | { readonly what: 'fault'; readonly at: Station | UnitProcess; readonly fault: object };

/** Seconds are those of the simulation, which runs a thousand times as fast. */
const outputFaults = (random: () => number): readonly object[] => [
  { fault: 'trip' },
  { fault: 'stuck', sensor: 'voltageV', forS: 200 + random() * 1_000 },
  // Upwards: what reads too little overcharges the cell, which nobody can mend.
  { fault: 'drift', sensor: 'voltageV', forS: 1_000, perHour: 10 },
  { fault: 'drift', sensor: 'temperatureC', forS: 1_500, perHour: 200 },
  { fault: 'warmth', byK: 45 },
  { fault: 'regulation', factor: 8 },
];

const unitFaults = (random: () => number): readonly object[] => [
  { fault: 'refusal', times: 1 + Math.floor(random() * 3) },
  { fault: 'comm-loss', forS: 0.5 + random() * 3 },
  { fault: 'comm-loss', forS: leaseMs / 1_000 + 4 },
  { fault: 'comm-loss', forS: silentMs / 1_000 + 4 },
  { fault: 'clock-jump', byS: pick(random, [-7_200, -20, 20, 86_400]) },
];

/** What is done to a lab in one round, in an order of the round. */
export const harmsOf = (random: () => number, { stations, units }: Victims): readonly Harm[] => {
  const harms: Harm[] = [
    ...apps.map((app): Harm => ({ what: random() < 0.65 ? 'kill' : 'freeze', app })),
    { what: 'kill', app: 'postgres' },
    ...shuffled(random, Object.keys(lifelines) as Lifeline[])
      .slice(0, 2)
      .map((app): Harm => ({ what: 'outlast the lease by', app })),
    { what: 'two of', app: 'cycler-control' },
    ...units.map((unit): Harm => ({ what: 'kill', unit })),
    ...unitFaults(random).map((fault): Harm => ({ what: 'fault', at: pick(random, units), fault })),
    ...outputFaults(random).map((fault): Harm => ({
      what: 'fault',
      at: pick(random, stations),
      fault,
    })),
  ];
  return shuffled(random, harms).slice(0, harmsPerRound);
};

export const describeHarm = (harm: Harm): string => {
  if ('fault' in harm) return JSON.stringify(harm.fault);
  return `${harm.what} ${'unit' in harm ? 'a unit' : harm.app}`;
};

/** Does it, and waits until what was killed is started again. Resolves with what was wrong. */
export const doHarm = async (
  harm: Harm,
  { lab, units, second }: Victims,
  random: () => number,
): Promise<readonly string[]> => {
  if ('fault' in harm) await harm.at.inject(harm.fault);
  else if ('unit' in harm) {
    await harm.unit.kill();
    await sleep(random() * 3_000);
    await harm.unit.start();
  } else if (harm.what === 'kill') {
    await until(`somebody to kill: ${harm.app}`, () => lab.kill(harm.app));
  } else if (harm.what === 'freeze') {
    await frozen(lab, harm.app, () => sleep(pick(random, freezesMs)));
  } else if (harm.what === 'two of') {
    await second.start();
    await sleep(random() * 3_000);
    // When it wakes up, it takes for now what was so before: the other one has gone on.
    await frozen(lab, harm.app, () => sleep(leaseMs + lateMs));
  } else {
    const isAll = harm.app === 'cycler-control';
    if (isAll) await second.stop();
    return frozen(lab, harm.app, async () => {
      await sleep(lifelines[harm.app] + lateMs);
      return onFaults(units, harm.app);
    });
  }
  return [];
};

/** Everything works again that was made to go wrong. */
export const mend = async ({ stations, units, second }: Victims): Promise<void> => {
  await second.stop();
  for (const unit of units) await unit.inject({ fault: 'refusal', times: 0 });
  for (const station of stations) {
    await station.inject({ fault: 'regulation', factor: 1 });
    await station.inject({ fault: 'warmth', byK: 0 });
  }
};

const frozen = async <T>(lab: LabSystem, app: string, work: () => Promise<T>): Promise<T> => {
  let it: ReturnType<LabSystem['freeze']>;
  await until(`somebody to freeze: ${app}`, () => (it = lab.freeze(app)) !== undefined);
  try {
    return await work();
  } finally {
    it?.thaw();
  }
};

/** Another process of the supervision, on the stores of the system. */
export class SecondControl {
  private app: ReturnType<LabSystem['another']> | undefined;

  constructor(private readonly lab: LabSystem) {}

  async start(): Promise<void> {
    await this.stop();
    const { dataDir } = this.lab.voltrace;
    this.app = this.lab.another('cycler-control', {
      DATABASE_URL: databaseUrlOf(dataDir),
      EVENTSTORE_URL: eventStoreUrlOf(dataDir),
    });
    await this.app.ready;
  }

  /** As it dies, whatever it does. */
  async stop(): Promise<void> {
    this.app?.signal('SIGKILL');
    await this.app?.ended;
    this.app = undefined;
  }
}

const onFaults = (units: readonly UnitProcess[], gone: string): readonly string[] =>
  units.flatMap((unit) => {
    const last = new Map(unit.witness().map((moment) => [moment.serialNumber, moment.output]));
    return [...last].flatMap(([serial, output]) =>
      output === 'on' ? [`${serial} is on without ${gone} for longer than its lease`] : [],
    );
  });
