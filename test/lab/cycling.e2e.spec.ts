import { afterAll, beforeAll, it } from 'vitest';

import { LabSystem, type Station } from './lab-system.js';
import { runTenCycles } from './ten-cycles.js';

let lab: LabSystem;
let station: Station;
beforeAll(async () => {
  lab = await LabSystem.start();
  station = await lab.newStation();
}, 120_000);
afterAll(() => lab.stop());

it(
  'runs ten cycles to their end, with each step, its cause and its cycle on record',
  () => runTenCycles(lab, station),
  180_000,
);
