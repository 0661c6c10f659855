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
  offAt,
  queued,
  running,
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
  const recordedAt = meta.occurredAt;
  const metadata = { ...meta, $correlationId: 'c', $causationId: 'c', commandHash: '', recordedAt };
  const stored = events.map((event): NewEvent => ({ ...event, id: randomUUID(), metadata }));
  await log.append(experimentStream(id), stored, 'no_stream');
  return id;
};

/** A record of an experiment at this test time, from its unit. */
const record = (experiment: string, testTimeS: number) =>
  new UnitIntake(log, new UnitDetections(log)).take({
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
