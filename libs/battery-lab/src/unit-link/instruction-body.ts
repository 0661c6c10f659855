import type { Program } from '#cycling/program/program.js';
import type { StationInstruction } from '#cycling/protocol/instructions.js';

import type { InstructionKind } from '../experiment/events.js';
import type { Experiment } from '../experiment/state.js';

/** What is sent to the unit for an instruction. */
export const instructionBody = (
  experiment: string,
  instruction: string,
  kind: InstructionKind,
  state: Experiment,
): StationInstruction => {
  const { request, assigned } = state;
  const named = { instruction, station: request.stationId, experiment };
  switch (kind) {
    case 'confirm-limits': {
      const { temperatureC, persistenceS, ...others } = request.limits;
      const limits = { ...others, ...(temperatureC && { temperatureC }) };
      const devices = (assigned?.devices ?? []).map(({ serialNumber }) => serialNumber);
      return { ...named, kind, devices, limits, persistenceS };
    }
    case 'start': {
      const { nominalCapacityAh } = request;
      return { ...named, kind, program: request.program as Program, nominalCapacityAh };
    }
    case 'resume':
      return { ...named, kind, ...carriedOf(state) };
    case 'pause':
    case 'output-off':
    case 'reset-trip':
    case 'stop':
      return { ...named, kind };
  }
};

/** What the unit has said of the step that it goes on with, and of the steps before. */
const carriedOf = ({ step, progress, run }: Experiment) => {
  const { elapsedS: stepTimeS, chargeAh, dischargeAh } = progress;
  const { measuredCapacityAh } = run.capacities;
  const at = { stepCount: step?.stepCount ?? 0, stepTimeS, chargeAh, dischargeAh };
  return {
    ...(step?.isRunning && stepTimeS > 0 && { at }),
    ...(measuredCapacityAh !== undefined && { measuredCapacityAh }),
  };
};
