import type { Program } from '#cycling/program/program.js';
import type { StationInstruction } from '#cycling/protocol/instructions.js';

import type { InstructionKind } from '../experiment/events.js';
import type { Experiment } from '../experiment/state.js';

/** What is sent to the unit for an instruction. */
export const instructionBody = (
  experiment: string,
  instruction: string,
  kind: InstructionKind,
  { request, assigned }: Experiment,
): StationInstruction => {
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
    case 'pause':
    case 'output-off':
    case 'reset-trip':
    case 'stop':
      return { ...named, kind };
  }
};
