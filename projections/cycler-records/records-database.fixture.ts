import { createHash, randomUUID } from 'node:crypto';

import type { CyclerSamplesRecorded } from '#battery-lab/samples/events.js';
import { columnsOf } from '#battery-lab/samples/records-of.js';
import type { CyclerRecord } from '#cycling/record.js';
import type { Fact } from '#fanout/fact.js';
import { ReadStore } from '#read-store/read-store.js';
import { migratedDatabase } from '#subscription/projection/test/fixture.js';

import { forgetRecords, takeFacts } from './take-facts.js';

/** A migrated database of its own, with what the tests do to the records in it. */
export class RecordsDatabase {
  constructor(
    readonly store: ReadStore,
    private readonly drop: () => Promise<void> = () => Promise.resolve(),
  ) {}

  static async create(): Promise<RecordsDatabase> {
    const database = await migratedDatabase();
    return new RecordsDatabase(new ReadStore(database.url), () => database.drop());
  }

  /** Takes the facts in batches of `size`, each in a transaction of its own. */
  async take(facts: readonly Fact[], size = facts.length): Promise<void> {
    for (let start = 0; start < facts.length; start += size) {
      await this.store.transaction((client) => takeFacts(facts.slice(start, start + size), client));
    }
  }

  async forget(): Promise<void> {
    await this.store.transaction((client) => forgetRecords(client));
  }

  /** Every row that is shown, and the last state of each experiment, in a fixed order. */
  async dump(): Promise<unknown> {
    const rows = async (sql: string) => (await this.store.pool.query<object>(sql)).rows;
    return {
      experiments: await rows('select * from lab_records.experiment order by id'),
      chunks: await rows('select * from lab_records.chunk order by experiment_id, hash'),
      steps: await rows('select * from lab_records.step order by experiment_id, step_count'),
      cycles: await rows('select * from lab_records.cycle order by experiment_id, cycle'),
      states: await rows(
        `select distinct on (experiment_id) experiment_id, test_time_s, document
           from lab_records.statistics_state order by experiment_id, part desc`,
      ),
    };
  }

  async stop(): Promise<void> {
    await this.store.close();
    await this.drop();
  }
}

const day = '2026-05-04T11:00:00.000Z';
let position = 1_000n;

const factOf = (stream: string, type: string, data: object): Fact => {
  position += 1n;
  return {
    ...{ id: randomUUID(), type: `voltrace.battery-lab.${type}.v1`, stream, key: stream },
    ...{ revision: 0n, position: { commit: position, prepare: position } },
    ...{ occurredAt: day, recordedAt: day },
    ...{ correlationId: randomUUID(), causationId: randomUUID() },
    data: data as Fact['data'],
  };
};

export const experimentFact = (id: string, type: string, data: object = {}): Fact =>
  factOf(`experiment-${id}`, type, data);

export const queued = (id: string, everyS = 10): Fact =>
  experimentFact(id, 'ExperimentQueued', {
    nominalCapacityAh: 1,
    program: { steps: [{ do: 'rest', until: [{ timeS: 60 }], record: { everyS } }] },
  });

/** Records as a fact of the topic of samples. */
export const recorded = (
  id: string,
  records: readonly CyclerRecord[],
  channels: CyclerSamplesRecorded['channels'] = {},
): Fact => {
  const at = (record: CyclerRecord | undefined): string =>
    new Date(record?.utcMs ?? Date.parse(day) + 1_000 * (record?.testTimeS ?? 0)).toISOString();
  const columns = { ...columnsOf(records), channels };
  return factOf(`cyclerSamples-${id}.20260504`, 'CyclerSamplesRecorded', {
    ...{ experimentId: id, from: at(records[0]), to: at(records.at(-1)), count: records.length },
    ...columns,
    hash: createHash('sha256').update(JSON.stringify(columns)).digest('hex'),
  });
};

interface Step {
  readonly currentA: number;
  readonly seconds: number;
  readonly cycle?: number;
}

/**
 * Records of steps every ten seconds as a unit takes them: the last one of a step and the first one of the next at the same
 * test time. The cell has 3.5 V without current and follows it by 0.1 ohm.
 */
export const recordsOfSteps = (steps: readonly Step[], everyS = 10): readonly CyclerRecord[] => {
  let beganS = 0;
  return steps.flatMap(({ currentA, seconds, cycle = 1 }, at) => {
    const times = Array.from({ length: Math.floor(seconds / everyS) + 1 }, (_, n) => n * everyS);
    const records = times.map((s) => ({
      ...{ testTimeS: beganS + s, voltageV: 3.5 + 0.1 * currentA, currentA, temperatureC: 25 },
      ...{ stepCount: at + 1, stepId: at + 1, cycle },
    }));
    beganS += seconds;
    return records;
  });
};
