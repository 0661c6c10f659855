import type { StatisticsChanges, StatisticsState } from '#cycling/statistics/statistics.js';
import type { Queryable } from '#resource/sql.js';

/** Rows that are written at once. */
const mostRows = 1_000;

const tables = {
  steps: { table: 'lab_records.step', key: 'step_count' },
  cycles: { table: 'lab_records.cycle', key: 'cycle' },
} as const;
type Kind = keyof typeof tables;

/** The steps and cycles of one experiment, each the newest that was computed of it. */
export class StatisticsTables {
  private readonly changed = {
    steps: new Map<number, object>(),
    cycles: new Map<number, object>(),
  };

  constructor(
    private readonly client: Queryable,
    private readonly experimentId: string,
  ) {}

  /** Removes what will be computed anew from the state on: what still ran then, and all that came after it. */
  async rewindTo(state: StatisticsState | undefined): Promise<void> {
    await this.remove('steps', state?.step?.first.stepCount ?? 0);
    await this.remove('cycles', state?.cycle?.cycle ?? 0);
  }

  async keep({ steps, cycles }: StatisticsChanges): Promise<void> {
    for (const step of steps) this.changed.steps.set(step.stepCount, step);
    for (const cycle of cycles) this.changed.cycles.set(cycle.cycle, cycle);
    const { size } = this.changed.steps;
    if (size >= mostRows) await this.write();
  }

  async write(): Promise<void> {
    await this.upsert('steps');
    await this.upsert('cycles');
  }

  private async remove(kind: Kind, from: number): Promise<void> {
    const { table, key } = tables[kind];
    await this.client.query(`delete from ${table} where experiment_id = $1 and ${key} >= $2`, [
      this.experimentId,
      from,
    ]);
  }

  private async upsert(kind: Kind): Promise<void> {
    const rows = this.changed[kind];
    if (rows.size === 0) return;
    const { table, key } = tables[kind];
    await this.client.query(
      `insert into ${table} (experiment_id, ${key}, document)
       select $1, * from unnest($2::bigint[], $3::jsonb[])
       on conflict (experiment_id, ${key}) do update set document = excluded.document`,
      [this.experimentId, [...rows.keys()], [...rows.values()].map((row) => JSON.stringify(row))],
    );
    rows.clear();
  }
}
