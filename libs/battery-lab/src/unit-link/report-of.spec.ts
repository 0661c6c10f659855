import { expect, it } from 'vitest';

import type { StepMessage } from '#cycling/protocol/messages.js';

import { command, examples, given, running, tripped } from '../experiment/experiment.fixture.js';
import { reportOf } from './report-of.js';

const at = '2026-05-04T11:00:00.000Z';
const said: Omit<StepMessage, 'what'> = {
  ...{ experiment: 'e', station: 's', stepCount: 1, stepId: 1, cycle: 1, testTimeS: 61.5, at },
  ...{ durationS: 30, chargeAh: 0.01, dischargeAh: 0, chargeWh: 0.04, dischargeWh: 0 },
  ...{ voltageV: 3.6, currentA: 0, temperatureC: 25 },
};

it('a loss of power says how long it was', () => {
  const report = reportOf({ ...said, what: 'interrupted', cause: 'lost', gapS: 12 });
  if (report?.type !== 'NoteInterrupted') throw new Error('it is none');
  const { isOutputOff: _, testTimeS: __, currentA: ___, ...data } = report.data;
  expect(data).toMatchObject({ cause: 'powerLoss', gapS: 12 });
  given(...running)
    .when(command('NoteInterrupted', report.data))
    .then(
      { ...examples.ExperimentInterrupted, data },
      { type: 'OutputOffConfirmed', data: { by: 'unit', testTimeS: 61.5, at } },
    );
});

it('a trip of the server has the progress of the step from the unit', () => {
  const report = reportOf({ ...said, what: 'tripped', trip: { reason: 'instruction' } });
  if (report?.type !== 'NoteSwitchedOff') throw new Error('it is none');
  const progress = { elapsedS: 30, chargeAh: 0.01, dischargeAh: 0 };
  const state = given(...running, {
    ...tripped,
    data: { ...tripped.data, elapsedS: 0, chargeAh: 0 },
  })
    .when(command('NoteSwitchedOff', report.data))
    .then({ type: 'OutputOffConfirmed', data: { by: 'unit', testTimeS: 61.5, at, progress } });
  expect(state).toMatchObject({ output: 'off', progress });
});
