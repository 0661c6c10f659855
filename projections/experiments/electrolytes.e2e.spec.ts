import { afterAll, beforeAll, expect, it } from 'vitest';

import { after, codeOf, fresh, idOf, LabApi, pointersOf } from '../lab-things/lab-api.fixture.js';
import { experiments } from './experiments.projection.js';

let lab: LabApi;
beforeAll(async () => {
  lab = await LabApi.start();
  await lab.api.project(experiments);
}, 60_000);
afterAll(() => lab.stop());

const flow = (min: number, max: number) => ({ flowLPerMin: { min, max } });

it('are recorded with an experiment of a redox flow battery, and refused where they do not fit it', async () => {
  const stack = await lab.battery({
    ...{ technology: 'redoxFlow', chemistry: 'allVanadium' },
    redoxFlow: {
      ...{ electrodeAreaM2: 0.04, bipolarPlate: 'graphite', membrane: 'nafion' },
      electrolytes: ['positive', 'negative'].map((polarity) => ({
        ...{ polarity, volumeL: 20, ...flow(0, 1) },
      })),
    },
  });
  const station = await lab.station([await lab.device()]);
  const program = { steps: [{ do: 'rest', until: [{ timeS: 60 }] }] };
  const profile = await lab.post('/profiles', { name: fresh('rest'), program });
  const queue = (battery: typeof stack, more: object) =>
    lab.post('/experiments', {
      ...{ name: fresh('test'), batteryId: idOf(battery), stationId: idOf(station) },
      ...{ profileId: idOf(profile), ...more },
    });
  const electrolytes = [
    { polarity: 'positive', volumeL: 15, initialStateOfCharge: 0.5, ...flow(0.2, 0.8) },
    { polarity: 'negative', volumeL: 15.5, initialStateOfCharge: 0.48, ...flow(0.2, 0.8) },
  ];
  const queued = await queue(stack, { electrolytes });
  expect(queued.status, JSON.stringify(queued.body)).toBe(201);
  const shown = await lab.get(`/experiments/${idOf(queued)}`, after(queued));
  expect(shown.body).toMatchObject({ electrolytes });
  const wrongOf = async (battery: typeof stack, more: object) => {
    const answer = await queue(battery, more);
    return [...codeOf(answer), ...pointersOf(answer)];
  };
  expect(await wrongOf(stack, {})).toEqual([422, 'ELECTROLYTES_INVALID', '/electrolytes']);
  const fast = { electrolytes: [{ ...electrolytes[0], ...flow(0.2, 2) }] };
  expect(await wrongOf(stack, fast)).toEqual([
    ...[422, 'ELECTROLYTES_INVALID', '/electrolytes/0/flowLPerMin/max'],
  ]);
  const full = { electrolytes: [{ ...electrolytes[0], initialStateOfCharge: 50 }] };
  expect(await wrongOf(stack, full)).toEqual([
    ...[400, 'BODY_INVALID', '/electrolytes/0/initialStateOfCharge'],
  ]);
  const cell = await lab.battery();
  expect(await wrongOf(cell, { electrolytes })).toEqual([
    ...[422, 'ELECTROLYTES_INVALID', '/electrolytes'],
  ]);
  const plain = await queue(cell, {});
  const without = await lab.get(`/experiments/${idOf(plain)}`, after(plain));
  expect(without.body).not.toHaveProperty('electrolytes');
});
