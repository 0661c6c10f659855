import type { StepMessage } from '#cycling/protocol/messages.js';
import type { ContentOf } from '#kernel/command.js';

import type { ReportCommand } from '../experiment/commands.js';
import { breachText } from './breach-text.js';

/**
 * What a message about a program means for its experiment. Undefined where it only says what the answer to an
 * instruction says too.
 */
export const reportOf = (said: StepMessage): ContentOf<ReportCommand> | undefined => {
  const { what, at, testTimeS, stepCount, stepId, cycle, durationS, chargeAh, dischargeAh } = said;
  const place = { stepCount, stepId, cycle, testTimeS, at };
  const progress = { elapsedS: durationS, chargeAh, dischargeAh };
  // Each of these breaks off with the output off.
  const off = { isOutputOff: true, testTimeS, currentA: said.currentA };
  const gap = said.gapS === undefined ? {} : { gapS: Math.max(0, said.gapS) };
  switch (what) {
    case 'started':
      return { type: 'NoteStepStarted', data: place };
    case 'ended': {
      const { cause = 'operator' } = said;
      return { type: 'NoteStepEnded', data: { ...place, cause, ...progress, last: lastOf(said) } };
    }
    case 'completed':
      return { type: 'NoteCompleted', data: { at, testTimeS } };
    case 'safe':
      return { type: 'NoteInterrupted', data: { cause: 'lost', at, ...progress, ...off } };
    case 'interrupted':
      return {
        type: 'NoteInterrupted',
        data: { cause: 'powerLoss', at, ...progress, ...gap, ...off },
      };
    case 'paused':
      if (said.cause !== 'refused') return undefined;
      return { type: 'NoteInterrupted', data: { cause: 'refused', at, ...progress, ...off } };
    case 'tripped': {
      const { trip = { reason: 'device' } } = said;
      // The server said so, and does not know how far the step had come.
      if (trip.reason === 'instruction') {
        const data = { by: 'unit', testTimeS, at, progress, currentA: said.currentA } as const;
        return { type: 'NoteSwitchedOff', data };
      }
      const tripped = { by: 'unit', interlock: trip.quantity ?? trip.reason, at } as const;
      const message = breachText(trip);
      return { type: 'NoteTripped', data: { ...tripped, message, ...progress, ...off } };
    }
    case 'stopped':
      return { type: 'NoteStopped', data: { testTimeS, at, currentA: said.currentA } };
    case 'resumed':
      return undefined;
  }
};

const lastOf = (said: StepMessage) => {
  const { voltageV, currentA, temperatureC, chargeAh, dischargeAh } = said;
  return {
    ...{ voltageV, currentA, powerW: voltageV * currentA, temperatureC },
    capacityAh: chargeAh - dischargeAh,
    energyWh: said.chargeWh - said.dischargeWh,
    deltaVoltageV: 0,
  };
};
