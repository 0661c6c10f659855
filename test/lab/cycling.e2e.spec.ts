import { afterAll, beforeAll, expect, it } from 'vitest';

import { experimentIn, LabSystem, type Station } from './lab-system.js';

let lab: LabSystem;
let station: Station;
beforeAll(async () => {
  lab = await LabSystem.start();
  station = await lab.newStation();
}, 120_000);
afterAll(() => lab.stop());

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

it('runs ten cycles to their end, with each step, its cause and its cycle on record', async () => {
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
}, 180_000);
