import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, expect, it } from 'vitest';

import { AuthenticatedClient } from '#embedded/authenticated-client.js';
import { startPostgres } from '#embedded/postgres.js';
import { experimentsSchema } from '#projections/experiments/experiments.projection.js';
import { labThings } from '#projections/lab-things/lab-things.projection.js';
import { schemaOf } from '#read-store/schema-names.js';
import { type LoggedEvent, tableHashes, wholeLog } from '#test/faults/checks.js';
import { databaseUrlOf } from '#test/faults/operate.js';
import { eventually } from '#testing/until.js';

import { experimentIn, LabSystem, type Station } from './lab-system.js';

let lab: LabSystem;
let station: Station;
let other: Station;
beforeAll(async () => {
  lab = await LabSystem.start();
  [station, other] = [await lab.newStation(), await lab.newStation()];
}, 120_000);
afterAll(() => lab.stop());

const cycles = {
  record: { everyS: 10 },
  steps: [
    {
      loop: [
        { do: 'cc', currentA: 2, until: [{ timeS: 600 }] },
        { do: 'rest', until: [{ timeS: 60 }] },
        { do: 'cc', currentA: -2, until: [{ timeS: 600 }] },
      ],
      times: 3,
    },
  ],
};
const long = { steps: [{ do: 'cc', currentA: 0.1, until: [{ timeS: 60_000 }] }] };

const schemas = [experimentsSchema, schemaOf(labThings), 'lab_records'];
const hashes = () => {
  const url = databaseUrlOf(lab.voltrace.dataDir);
  return Promise.all(schemas.map((schema) => tableHashes(url, schema)));
};

/** What is said of experiments: units say more of themselves when they are connected again. */
const labLog = async (): Promise<readonly LoggedEvent[]> =>
  (await wholeLog(lab.api)).filter(({ stream }) =>
    /^(experiment|cyclerSamples|cyclerAlarm|stationQueue)-/.test(stream),
  );

/** When all that follows from the last facts is in it. */
const quietLog = async (): Promise<readonly LoggedEvent[]> => {
  const log = await labLog();
  await sleep(2_000);
  return (await labLog()).length === log.length ? log : quietLog();
};

const dropReadModels = async (dataDir: string): Promise<void> => {
  const server = await startPostgres({ dataDir, explicit: true });
  const client = new AuthenticatedClient({ connectionString: server.adminUrl });
  try {
    await client.connect();
    await client.query('drop database voltrace');
  } finally {
    await client.end();
    await server.stop();
  }
};

it('gives the same rows again, and tells no unit anything, when all events are replayed into an empty database', async () => {
  const order = (id: string, what: string) =>
    lab.post(`/v1/experiments/${id}/${what}`, { reason: 'as tested' });
  const tripped = await other.queue(long);
  const paused = await station.queue(cycles);
  await experimentIn(lab, tripped, ['running']);
  await other.inject({ fault: 'trip' });
  await experimentIn(lab, tripped, ['tripped']);
  await experimentIn(lab, paused, ['completed']);
  const last = await station.queue(long);
  await experimentIn(lab, last, ['running']);
  await order(last, 'pause');
  await experimentIn(lab, last, ['paused']);
  const waiting = await station.queue(cycles);

  // What the last facts lead to is there before.
  const items = async (id: string) =>
    (await lab.get(`/v1/experiments/${id}/cycles`))['items'] as readonly unknown[];
  await eventually(async () => {
    expect(await items(paused)).toHaveLength(3);
    expect(await items(last)).toHaveLength(1);
  });
  const log = await quietLog();
  const before = await hashes();
  const witness = [station, other].map((one) => one.witness());

  await lab.restart(dropReadModels);
  await eventually(async () => expect(await hashes()).toEqual(before));
  expect(await labLog()).toEqual(log);
  expect([station, other].map((one) => one.witness())).toEqual(witness);

  // And it goes on from there.
  await order(last, 'abort');
  await experimentIn(lab, last, ['aborted']);
  await experimentIn(lab, waiting, ['completed']);
  await order(tripped, 'reset-trip');
  await experimentIn(lab, tripped, ['interrupted']);
}, 240_000);
