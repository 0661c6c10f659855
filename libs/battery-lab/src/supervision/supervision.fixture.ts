import { randomUUID } from 'node:crypto';

import type { ExpectedRevision } from '#event-log/event-log.js';
import type { Fact } from '#fanout/fact.js';
import { wallNow } from '#kernel/wall-clock.js';
import { Fixture } from '#subscription/projection/test/fixture.js';
import { newEvent } from '#testing/new-event.js';
import { quiet } from '#testing/quiet.js';

import { type ExperimentEvent, experimentStream } from '../experiment/events.js';
import { type examples, running } from '../experiment/experiment.fixture.js';
import { Leases } from '../unit-link/leases.js';
import { Grants, topics } from './grants.js';
import { StoreClock } from './store-clock.js';
import { Supervision } from './supervision.js';
import { Supervisor } from './supervisor.js';

/** The supervision as its process has it, with facts that tests bring to it. */
export class SupervisedLab {
  /** By topic, or by key where one is here, in seconds; undefined: others follow it. */
  readonly unseen: Record<string, number | undefined> = {};
  readonly leases;
  private supervision: Supervision | undefined;

  private constructor(readonly fixture: Fixture) {
    this.leases = new Leases(fixture.store.pool);
  }

  static async start(): Promise<SupervisedLab> {
    return new SupervisedLab(await Fixture.start());
  }

  async stop(): Promise<void> {
    await this.supervision?.stop();
    await this.fixture.stop();
  }

  /** Another process, with nothing to supervise yet. `aheadMs`: the clock of its machine. */
  async begin({ silentS = 3_600, leaseS = 15, aheadMs = 0 } = {}): Promise<void> {
    await this.supervision?.stop();
    const { store, log } = this.fixture;
    for (const table of ['lab.attended_experiments', 'lab.unit_leases', 'subscription.parked']) {
      await store.pool.query(`delete from ${table}`);
    }
    for (const name of Object.keys(this.unseen)) Reflect.deleteProperty(this.unseen, name);
    Object.assign(this.unseen, { [topics.experiments]: 0, [topics.samples]: 0 });
    const sight = () => (topic: string, key: string) =>
      this.unseen[key in this.unseen ? key : topic];
    const grants = new Grants(this.leases, { silentS, leaseS, sight });
    const now = () => wallNow() + aheadMs;
    const supervisor = new Supervisor(log, quiet, now, grants.turnOn);
    const clock = new StoreClock(store.pool);
    const parts = { supervisor, grants, clock, store, logger: quiet, silentS, sight };
    this.supervision = new Supervision(parts);
  }

  /** Has time count too. */
  poll(): void {
    this.supervision?.start();
  }

  /** An experiment of a unit of its own; resolves with the id of both when it is seen. */
  async experiment(
    events: readonly ExperimentEvent[] = running,
    assigned: Partial<typeof examples.ExperimentAssigned.data> = { calibratedUntil: null },
  ): Promise<string> {
    const id = randomUUID();
    await this.append(id, 'no_stream', events, assigned);
    await this.see(id);
    return id;
  }

  async add(id: string, ...events: readonly ExperimentEvent[]): Promise<void> {
    await this.append(id, BigInt((await this.eventsOf(id)).length) - 1n, events);
    await this.see(id);
  }

  /** No process of this version can look at it any more. */
  async spoil(id: string): Promise<void> {
    const revision = BigInt((await this.eventsOf(id)).length) - 1n;
    await this.fixture.log.append(experimentStream(id), [newEvent('Unknown', {})], revision);
  }

  /** As its facts come in. */
  async see(id: string): Promise<void> {
    const fact = { stream: experimentStream(id) } as Fact;
    await this.handle(topics.experiments, [fact]);
  }

  /** Records of one voltage, of which the newest was taken so many seconds ago by the clock of the unit. */
  async records(id: string, testTimeS: readonly number[], voltageV = 4, ageS = 0): Promise<void> {
    const column = (value: number) => testTimeS.map(() => value);
    const data = {
      ...{ experimentId: id, testTimeS, voltageV: column(voltageV), currentA: column(0) },
      temperatureC: column(25),
      from: new Date(wallNow() - (ageS + (testTimeS.at(-1) ?? 0)) * 1_000).toISOString(),
      to: new Date(wallNow() - ageS * 1_000).toISOString(),
    };
    await this.handle(topics.samples, [{ id: randomUUID(), data } as unknown as Fact]);
  }

  /** Those that the supervision appended among them. */
  async eventsOf(id: string): Promise<readonly ExperimentEvent[]> {
    const events: ExperimentEvent[] = [];
    for await (const { type, data } of this.fixture.log.readStream(experimentStream(id))) {
      events.push({ type, data } as unknown as ExperimentEvent);
    }
    return events;
  }

  async tripsOf(id: string): Promise<readonly string[]> {
    const events = await this.eventsOf(id);
    return events.flatMap((event) =>
      event.type === 'SafetyTripped' ? [event.data.interlock] : [],
    );
  }

  async hasLease(unitId: string): Promise<boolean> {
    return (await this.leases.current()).some((lease) => lease.unitId === unitId);
  }

  async forgetLeases(): Promise<void> {
    await this.fixture.store.pool.query('delete from lab.unit_leases');
  }

  async rowOf(id: string): Promise<Readonly<Record<string, unknown>> | undefined> {
    const { rows } = await this.fixture.store.pool.query<Record<string, unknown>>(
      `select revision::int, is_running, calibrated_until::text,
         extract(epoch from due_at - clock_timestamp())::float8 as due_in_s
       from lab.attended_experiments where experiment_id = $1`,
      [id],
    );
    return rows[0];
  }

  private async append(
    id: string,
    expected: ExpectedRevision,
    events: readonly ExperimentEvent[],
    assigned = {},
  ): Promise<void> {
    const own = events.map(({ type, data }) => {
      if (type === 'ExperimentQueued') return newEvent(type, { ...data, unitId: id });
      return newEvent(type, type === 'ExperimentAssigned' ? { ...data, ...assigned } : data);
    });
    await this.fixture.log.append(experimentStream(id), own, expected);
  }

  private async handle(topic: string, facts: readonly Fact[]): Promise<void> {
    if (!this.supervision) throw new Error('nothing was begun');
    const { pool } = this.fixture.store;
    await this.supervision.consumer.handle({ topic, partition: 0, facts }, pool);
  }
}
