import type { Command } from 'commander';

import { contextOf } from '../context.js';
import { limitOption, listRows } from '../list-rows.js';
import { type Cell, printTable } from '../output.js';
import { batteries } from './lab-batteries.js';
import { profiles } from './lab-profiles.js';
import { addReading, argumentOf, type Kind, onThing, thingIdOf } from './lab-reading.js';
import { addLabRecords } from './lab-records.js';
import { stations } from './lab-things.js';
import { watchExperiment } from './lab-watching.js';
import { jsonOf, numberOf, post, reasonOption } from './post.js';

const experiments: Kind = {
  ...{ word: 'experiments', about: 'tests of batteries', one: 'experiment' },
  ...{ path: '/v1/experiments', namedBy: 'name', isKept: true },
  filters: ['name', 'technology', 'chemistry'],
  of: () => ({ battery: batteries, station: stations, profile: profiles }),
  ofProduct: true,
  columns: ['name', 'startedAt', 'endedAt', 'output', 'message'],
};
const alarms: Kind = {
  ...{ word: 'alarms', about: 'what somebody must know of experiments', one: 'alarm' },
  ...{ path: '/v1/cycler-alarms', isKept: true },
  filters: ['severity', 'kind', 'acknowledged'],
  of: () => ({ experiment: experiments, station: stations }),
  columns: ['severity', 'kind', 'message', 'isAcknowledged'],
};

/** `voltrace lab experiments ...` and `voltrace lab alarms ...` */
export const addLabExperiments = (lab: Command): void => {
  const group = addReading(lab, experiments);
  addQueueing(group);
  addOperating(group);
  group
    .command('steps')
    .description('Shows the executed steps of an experiment, with why each ended.')
    .argument(...argumentOf(experiments))
    .option('--cause <cause>', 'only steps that ended so, such as voltage or trip')
    .option(...limitOption)
    .action(steps);
  addLabRecords(group, experiments);
  group
    .command('watch')
    .description(
      'Shows what an experiment does until it ends: on a terminal its step, values, plots and alarms as they change. Exits with 0 only where it was completed.',
    )
    .argument(...argumentOf(experiments))
    .action(async (given: string, _options: object, command: Command) => {
      const { api, json } = contextOf(command);
      const path = `${experiments.path}/${await thingIdOf(api, experiments, given)}`;
      return watchExperiment(api, path, json);
    });
  const known = { name: 'acknowledge', about: 'Says that you know of an alarm.' };
  onThing(addReading(lab, alarms), alarms, known).option('--comment <text>', 'what others read');
};

interface QueueOptions {
  readonly battery: string;
  readonly station: string;
  readonly profile: string;
}

const addQueueing = (group: Command): void => {
  group
    .command('queue')
    .description(
      'Queues an experiment: a battery, at a station, by a profile. It begins when it is its turn.',
    )
    .argument('<name>', 'what the lab calls it')
    .requiredOption('--battery <battery>', 'its id or serialNumber')
    .requiredOption('--station <station>', 'its id or name')
    .requiredOption('--profile <profile>', 'its id or name')
    .option('--profile-version <number>', 'the last one unless given', numberOf)
    .option(
      '--persistence-s <seconds>',
      'for how long a limit may be exceeded; half a second unless given',
      numberOf,
    )
    .option(
      '--electrolytes <json>',
      'of a redox flow battery: [{"polarity": "positive", "volumeL": 20, "initialStateOfCharge": 0.5, "flowLPerMin": {"min": 0.2, "max": 1}}, …]',
      jsonOf,
    )
    .option('--description <text>', 'what it is for')
    .option(...reasonOption)
    .action(async (name: string, options: QueueOptions, command: Command) => {
      const { battery, station, profile, ...rest } = options;
      const { api } = contextOf(command);
      const [batteryId, stationId, profileId] = await Promise.all([
        thingIdOf(api, batteries, battery),
        thingIdOf(api, stations, station),
        thingIdOf(api, profiles, profile),
      ]);
      const body = { name, batteryId, stationId, profileId, ...rest };
      return post(command, experiments.path, body, ({ id }) => `Experiment ${id} is queued.`);
    });
  group
    .command('move')
    .description('Gives a waiting experiment another place in the queue of its station.')
    .argument(...argumentOf(experiments))
    .requiredOption('--place <number>', 'how many are run before it: 0 is the next', numberOf)
    .option(...reasonOption)
    .action(async (given: string, options: object, command: Command) => {
      const { api } = contextOf(command);
      const experimentId = await thingIdOf(api, experiments, given);
      const { stationId } = await api.get<{ stationId: string }>(
        `${experiments.path}/${experimentId}`,
      );
      const path = `${stations.path}/${stationId}/move-experiment`;
      return post(command, path, { experimentId, ...options }, () => 'It has its new place.');
    });
};

const addOperating = (group: Command): void => {
  const needsReason = true;
  for (const command of [
    {
      name: 'cancel',
      about:
        'Takes back an experiment that has not begun, or cancels its import: what was taken in stays.',
    },
    { name: 'pause', about: 'Stops an experiment in the middle of its step, with its output off.' },
    { name: 'resume', about: 'Lets an experiment go on that is paused or was interrupted.' },
    {
      ...{ name: 'abort', needsReason },
      about: 'Ends an experiment for good, once the unit has confirmed that its output is off.',
    },
    {
      ...{ name: 'reset-trip', needsReason },
      about: 'Resets a trip when what tripped is mended; the experiment can be resumed then.',
    },
    {
      ...{ name: 'confirm-output-off', needsReason },
      about: 'Says that somebody has seen that the output is off, where the unit cannot say so.',
    },
  ]) {
    onThing(group, experiments, command);
  }
};

interface Step {
  readonly [member: string]: Cell;
}

const stepColumns = {
  'step count': 'stepCount',
  'step of program': 'stepId',
  cycle: 'cycle',
  'from s': 'startTestTimeS',
  'to s': 'endTestTimeS',
  cause: 'cause',
  'charge Ah': 'chargeAh',
  'discharge Ah': 'dischargeAh',
} as const;

async function steps(
  given: string,
  { cause, limit }: { cause?: string; limit?: string },
  command: Command,
): Promise<void> {
  const { api, json } = contextOf(command);
  const path = `${experiments.path}/${await thingIdOf(api, experiments, given)}/steps`;
  const print = (items: readonly Step[]) =>
    printTable(
      Object.keys(stepColumns),
      items.map((item) => Object.values(stepColumns).map((member) => rounded(item[member]))),
    );
  return listRows(api, { path, query: { cause }, json, print }, { limit });
}

/** To a thousandth: what is finer is noise to people, and `--json` has it. */
const rounded = (value: Cell): Cell =>
  typeof value === 'number' ? Math.round(value * 1_000) / 1_000 : value;
