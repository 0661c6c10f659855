import type { CommandMeta } from '#kernel/command.js';

import type { AlarmCommand } from '../alarm/decider.js';
import type { AlarmReaction } from '../experiment/reactions.js';

/** What is told to an alarm of an experiment. */
export const alarmCommand = (
  { do: what, kind, message }: AlarmReaction,
  experimentId: string,
  stationId: string,
  meta: CommandMeta,
): AlarmCommand => {
  const severity = kind === 'outputOffNotConfirmed' ? 'critical' : 'warning';
  const raised = { experimentId, stationId, kind, severity, message } as const;
  const commands = {
    raise: { type: 'RaiseAlarm', data: raised },
    escalate: { type: 'EscalateAlarm', data: { message } },
    clear: { type: 'ClearAlarm', data: { message } },
  } as const;
  return { ...commands[what], meta };
};
