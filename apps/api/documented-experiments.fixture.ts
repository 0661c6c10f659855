import { randomUUID } from 'node:crypto';

import { alarmDecider } from '#battery-lab/alarm/decider.js';
import { alarmEvents } from '#battery-lab/alarm/events.js';
import type { ExperimentCommand } from '#battery-lab/experiment/commands.js';
import { experimentDecider } from '#battery-lab/experiment/decider.js';
import { experimentEvents } from '#battery-lab/experiment/events.js';
import { queueDecider } from '#battery-lab/queue/decider.js';
import { handleCommand } from '#event-log/handle-command.js';
import { States } from '#event-log/states.js';
import type { CommandMeta } from '#kernel/command.js';
import { exampleEvents } from '#kernel/event-types.js';
import { commandMeta } from '#testing/decider-spec.js';

import type { TestApi } from './api.fixture.js';

const examples = exampleEvents(experimentEvents);
const experimentOfExamples = '0f9e7c1a-56a0-5a64-8c0b-3d9f2b6f8d11';
const at = '2026-05-04T11:00:00.000Z';
const off = { isOutputOff: true, testTimeS: 1 };
const fresh = (): CommandMeta => ({ ...commandMeta(), commandId: randomUUID() });

/** By the path of a route of experiments: what makes the thing that its example is about, as its unit would. */
export const experimentsOf = (
  api: () => TestApi,
  ids: Record<string, string>,
): Readonly<Record<string, () => Promise<void>>> => {
  const tell = async (type: ExperimentCommand['type'], data: object): Promise<void> => {
    const { log } = api();
    const command = { type, data, meta: fresh() } as ExperimentCommand;
    const id = ids['/v1/experiments'] ?? '';
    await handleCommand(log, new States(log, experimentDecider), id, command);
  };
  const queue = async (): Promise<void> => {
    const [batteryId, stationId, profileId] = ['batteries', 'stations', 'profiles'].map(
      (kind) => ids[`/v1/${kind}`],
    );
    const json = { name: 'another', batteryId, stationId, profileId };
    const { body } = await api().ask('/v1/experiments', { json });
    ids['/v1/experiments'] = String(body['id']);
  };
  const answered = async (kind: string): Promise<void> => {
    const instruction = randomUUID();
    await tell('IssueInstruction', { instruction, kind, at });
    await tell('AnswerInstruction', { instruction, status: 'done', reason: '', at });
  };
  const run = async (): Promise<void> => {
    await queue();
    await tell('AssignExperiment', { devices: [], calibratedUntil: null });
    await answered('confirm-limits');
    await answered('start');
  };
  const trip = async (): Promise<void> => {
    await run();
    await tell('NoteTripped', { ...examples.SafetyTripped.data, ...off });
  };
  return {
    '/v1/experiments/{id}/abort': run,
    '/v1/experiments/{id}/cancel': queue,
    '/v1/experiments/{id}/confirm-output-off': trip,
    '/v1/experiments/{id}/pause': run,
    '/v1/experiments/{id}/reset-trip': trip,
    '/v1/experiments/{id}/resume': async () => {
      await run();
      await tell('NoteInterrupted', { ...examples.ExperimentInterrupted.data, ...off });
    },
    '/v1/cycler-alarms/{id}/acknowledge': async () => {
      const { data } = exampleEvents(alarmEvents).CyclerAlarmRaised;
      const id = (ids['/v1/cycler-alarms'] = randomUUID());
      const command = { type: 'RaiseAlarm', data, meta: fresh() } as const;
      await handleCommand(api().log, new States(api().log, alarmDecider), id, command);
    },
    '/v1/stations/{id}/move-experiment': async () => {
      const queues = new States(api().log, queueDecider);
      for (const experimentId of [randomUUID(), experimentOfExamples]) {
        const command = {
          type: 'EnqueueExperiment',
          data: { experimentId },
          meta: fresh(),
        } as const;
        await handleCommand(api().log, queues, ids['/v1/stations'] ?? '', command);
      }
    },
  };
};
