import { expect } from 'vitest';

import { eventually } from '#testing/until.js';

import { experimentIn, type LabSystem, type Station } from './lab-system.js';

/** CC-CV charge, rest, discharge, rest. */
const cycles = (times: number) => ({
  steps: [
    {
      loop: [
        { do: 'cccv', cRate: 1, voltageV: 4.15, until: [{ cRate: 0.05 }] },
        { do: 'rest', until: [{ timeS: 300 }] },
        { do: 'cc', cRate: -1, until: [{ voltageV: 3 }] },
        { do: 'rest', until: [{ timeS: 300 }] },
      ],
      times,
    },
  ],
});

/** Ten cycles run to their end, with each step, its cause and its cycle on record, and what flowed as the simulation counted it. */
export const runTenCycles = async (lab: LabSystem, station: Station): Promise<void> => {
  const id = await station.queue(cycles(10));
  const experiment = await experimentIn(lab, id, ['completed', 'failed', 'tripped'], 120_000);
  expect(experiment, JSON.stringify(experiment)).toMatchObject({
    ...{ status: 'completed', output: 'off' },
  });
  const { items } = (await lab.get(`/v1/experiments/${id}/steps?limit=100`)) as {
    items: readonly Readonly<Record<string, number | string>>[];
  };
  expect(items).toHaveLength(40);
  expect(items.map(({ cycle }) => cycle)).toEqual(
    Array.from({ length: 40 }, (_, index) => Math.floor(index / 4) + 1),
  );
  // By the unit's own coulomb counter, which is the truth of the simulation.
  const truth = station.witness().at(-1);
  for (const counted of ['chargeAh', 'dischargeAh'] as const) {
    const sum = items.reduce((total, item) => total + Number(item[counted]), 0);
    expect(Math.abs(sum / (truth?.[counted] ?? 0) - 1), counted).toBeLessThan(0.001);
  }
  expect(new Set(items.map(({ cause }) => cause))).toEqual(new Set(['current', 'time', 'voltage']));
  const cyclesOf = await cyclesWhenDone(lab, id, 10);
  expect(cyclesOf.map(({ cycle, partial, begins }) => [cycle, partial, begins])).toEqual(
    // Its cells begin half full: there is less to charge in the first cycle.
    cyclesOf.map((_, at) => [at + 1, at === 0 ? ['first-of-test'] : [], 'charge']),
  );
  // The integral of the current by its records, against the same truth.
  for (const counted of ['chargeAh', 'dischargeAh'] as const) {
    const sum = cyclesOf.reduce((total, cycle) => total + Number(cycle[counted]), 0);
    expect(Math.abs(sum / (truth?.[counted] ?? 0) - 1), counted).toBeLessThan(0.001);
    // And of each cycle against what the unit says of its steps.
    for (const cycle of cyclesOf) {
      const ofSteps = items
        .filter((item) => item['cycle'] === cycle['cycle'])
        .reduce((total, item) => total + Number(item[counted]), 0);
      expect(Math.abs(Number(cycle[counted]) / ofSteps - 1), counted).toBeLessThan(0.001);
    }
  }
};

/** The cycles, once all records have been taken. */
const cyclesWhenDone = (lab: LabSystem, id: string, count: number) =>
  eventually(async () => {
    const { items } = (await lab.get(`/v1/experiments/${id}/cycles`)) as {
      items: readonly Readonly<Record<string, unknown>>[];
    };
    expect(items).toHaveLength(count);
    expect(items.every(({ ended }) => ended)).toBe(true);
    return items;
  }, 20_000);
