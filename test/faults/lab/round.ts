import { cpSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { experiments } from '#projections/experiments/experiments.projection.js';
import { labThings } from '#projections/lab-things/lab-things.projection.js';
import { schemaOf } from '#read-store/schema-names.js';
import type { Projection } from '#subscription/projection/projection.js';
import { LabSystem } from '#test/lab/lab-system.js';
import { pick, seeded } from '#test/support/seeded.js';

import { tableHashes, wholeLog } from '../checks.js';
import { databaseUrlOf, rebuild } from '../operate.js';
import { type RoundSystem, SystemRounds } from '../system-rounds.js';
import {
  describeHarm,
  doHarm,
  harmsOf,
  leaseMs,
  mend,
  SecondControl,
  silentMs,
  type Victims,
} from './disturb.js';
import { labRoundFaults } from './faults-of.js';
import { Operator } from './operator.js';
import { aProgram } from './programs.js';

const experimentsPerStation = 2;

type System = RoundSystem & Victims;

/** Rounds of whole programs on three stations of two units, while everything around them is killed, frozen and wrong. */
export const labRounds = (): SystemRounds<System> => new SystemRounds(startSystem, round);

const startSystem = async (): Promise<System> => {
  const [seconds, silent] = [leaseMs, silentMs].map((ms) => String(ms / 1_000)) as [string, string];
  const lab = await LabSystem.start({
    CYCLER_LEASE_SECONDS: seconds,
    CYCLER_SILENT_SECONDS: silent,
  });
  try {
    const env = { SIM_LEASE_MS: String(leaseMs), SIM_SPEED: '1000' };
    const stations = [...(await lab.newStations(1, env)), ...(await lab.newStations(2, env))];
    const units = [...new Set(stations.map(({ unit }) => unit))];
    const second = new SecondControl(lab);
    return { lab, second, stations, units, remove: () => lab.stop() };
  } catch (error) {
    await lab.stop();
    throw error;
  }
};

const round = async (system: System, seed: number): Promise<readonly string[]> => {
  const { lab } = system;
  const random = seeded(seed);
  const ids = await queue(system, random);
  const operator = new Operator(lab.api, seeded(seed + 0.5), `round-${String(seed)}`);
  const over = new AbortController();
  const meddling = operator.meddle(ids, over.signal);
  meddling.catch(() => undefined);
  const faults: string[] = [];
  const done: string[] = [];
  try {
    for (const harm of harmsOf(random, system)) {
      await sleep(100 + random() * 1_200);
      done.push(`${new Date().toISOString().slice(11, 23)} ${describeHarm(harm)}`);
      faults.push(...(await doHarm(harm, system, random)));
    }
  } finally {
    over.abort();
  }
  await meddling;
  await mend(system);
  faults.push(...operator.faults, ...(await operator.bringToEnd(ids)));
  faults.push(...(await labRoundFaults(system, ids)));
  const databaseUrl = databaseUrlOf(lab.voltrace.dataDir);
  for (const one of [experiments, labThings]) {
    faults.push(...(await rebuiltFaults(lab, databaseUrl, one)));
  }
  console.log(`  ${done.join('\n  ')}`);
  if (faults.length > 0) await keep(lab, seed);
  return faults;
};

/** For whoever looks for the reason: the log, what the processes said, and what the units kept. */
const keep = async ({ api, folder, voltrace }: LabSystem, seed: number): Promise<void> => {
  const kept = join(tmpdir(), `voltrace-lab-seed-${String(seed)}`);
  rmSync(kept, { recursive: true, force: true });
  cpSync(folder, join(kept, 'units'), { recursive: true });
  cpSync(join(voltrace.dataDir, 'logs'), join(kept, 'logs'), { recursive: true });
  writeFileSync(join(kept, 'log.ndjson'), (await api.persist('/v1/events')).text);
  console.log(`  kept in ${kept}`);
};

/** Some of them share a battery, so that a station waits for another one. */
const queue = async (
  { lab, stations }: Victims,
  random: () => number,
): Promise<readonly string[]> => {
  const batteries: string[] = [];
  for (const _ of stations) batteries.push(await lab.newBattery());
  const ids: string[] = [];
  for (let n = 0; n < experimentsPerStation; n += 1) {
    for (const [at, station] of stations.entries()) {
      const own = batteries[at] ?? '';
      const battery = random() < 0.25 ? pick(random, batteries) : own;
      ids.push(await station.queue(aProgram(random), battery));
    }
  }
  return ids;
};

/** A read model that is built from zero has the rows of the one that followed. */
const rebuiltFaults = async (
  { api }: LabSystem,
  databaseUrl: string,
  projection: Projection,
): Promise<readonly string[]> => {
  const position = (await wholeLog(api)).at(-1)?.position ?? '0';
  const path = projection === experiments ? 'experiments' : 'batteries';
  const reply = await api.persist(`/v1/${path}?limit=1&after=${position}`);
  if (reply.status !== 200) return [`${projection.name} does not catch up: ${reply.text}`];
  const schema = schemaOf(projection);
  const live = await tableHashes(databaseUrl, schema);
  await rebuild(api, databaseUrl, projection.name);
  const rebuilt = await tableHashes(databaseUrl, schema);
  return Object.keys({ ...live, ...rebuilt })
    .filter((table) => live[table] !== rebuilt[table])
    .map((table) => `${table}, rebuilt: ${String(rebuilt[table])}, not ${String(live[table])}`);
};
