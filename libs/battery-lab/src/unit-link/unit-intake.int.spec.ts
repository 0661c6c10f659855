import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { EsdbEventLog } from '#event-log/esdb.js';
import type { NewEvent } from '#event-log/event-log.js';
import { startTestNode, type TestNode } from '#testing/test-node.js';

import { type ExperimentEvent, experimentStream } from '../experiment/events.js';
import {
  assigned,
  confirmed,
  examples,
  issued,
  meta,
  off,
  offAt,
  queued,
  running,
  tripped,
} from '../experiment/experiment.fixture.js';
import { UnitDetections } from './unit-detections.js';
import { UnitIntake } from './unit-intake.js';

let node: TestNode;
let log: EsdbEventLog;
beforeAll(async () => {
  node = await startTestNode();
  log = EsdbEventLog.connect(node.url);
});
afterAll(async () => {
  await log.close();
  await node.stop();
});

/** An experiment with these events; resolves with its id. */
const experimentWith = async (...events: readonly ExperimentEvent[]): Promise<string> => {
  const id = randomUUID();
  await append(id, 'no_stream', ...events);
  return id;
};

const append = async (
  id: string,
  expected: Parameters<EsdbEventLog['append']>[2],
  ...events: readonly ExperimentEvent[]
): Promise<void> => {
  const recordedAt = meta.occurredAt;
  const metadata = { ...meta, $correlationId: 'c', $causationId: 'c', commandHash: '', recordedAt };
  const stored = events.map((event): NewEvent => ({ ...event, id: randomUUID(), metadata }));
  await log.append(experimentStream(id), stored, expected);
};

/** A record of an experiment at this test time, from its unit. */
const record = (
  experiment: string,
  testTimeS: number,
  intake = new UnitIntake(log, new UnitDetections(log)),
) =>
  intake.take({
    ...{ device: 'unit-7', kind: 'samples' },
    body: {
      ...{ experiment, station: 's', t0: meta.occurredAt, testTimeS: [testTimeS] },
      ...{ stepCount: [1], stepId: [1], cycle: [1] },
      ...{ voltageV: [3.6], currentA: [1], temperatureC: [25] },
    },
  });

describe('records that come late', () => {
  const ending: ExperimentEvent = { type: 'ExperimentEnding', data: { as: 'failed', message: '' } };

  it('are taken up to the end, whose time is finer than theirs', async () => {
    const off = { ...offAt, data: { by: 'unit', testTimeS: 61.4996 } } as ExperimentEvent;
    const id = await experimentWith(...running, ending, off, examples.ExperimentAborted);
    expect(await record(id, 61.5)).toBe('accepted');
    await expect(record(id, 61.501)).rejects.toMatchObject({ code: 'EXPERIMENT_ENDED' });
  });

  it('are refused after an end that somebody else has brought about', async () => {
    const id = await experimentWith(...running, ending);
    const intake = new UnitIntake(log, new UnitDetections(log));
    expect(await record(id, 10, intake)).toBe('accepted');
    const byOperator = { ...off, data: { by: 'operator', testTimeS: null } } as const;
    await append(id, BigInt(running.length), byOperator, examples.ExperimentAborted);
    await expect(record(id, 20, intake)).rejects.toMatchObject({ code: 'EXPERIMENT_ENDED' });
  });

  it('are taken of a start that was given up and done all the same', async () => {
    const id = await experimentWith(queued, assigned, ...confirmed);
    await expect(record(id, 0)).rejects.toMatchObject({ code: 'EXPERIMENT_NOT_STARTED' });
    const timedOut: ExperimentEvent = {
      ...{ type: 'InstructionTimedOut', data: { instruction: 'start' } },
    };
    const started = await experimentWith(
      ...[queued, assigned, ...confirmed, issued('start'), timedOut, ending, issued('stop')],
    );
    expect(await record(started, 0)).toBe('accepted');
  });
});

it('tells a unit to stop what has ended, where its records have a current', async () => {
  const id = await experimentWith(...running, examples.ExperimentCompleted);
  await expect(record(id, 90)).rejects.toMatchObject({ code: 'EXPERIMENT_ENDED' });
  const { state } = await new UnitIntake(log, new UnitDetections(log)).experiments.refresh(id);
  expect(state).toMatchObject({ status: 'completed', open: { kind: 'stop' } });
});

it('trips an experiment whose records have a current while its output is off', async () => {
  const id = await experimentWith(...running, tripped, offAt);
  expect(await record(id, 90)).toBe('accepted');
  const { state } = await new UnitIntake(log, new UnitDetections(log)).experiments.refresh(id);
  expect(state).toMatchObject({ status: 'tripped', output: 'on', foundOn: 2 });
});
