import type pg from 'pg';

/** A pool, or the one connection that holds a snapshot. */
export type Queryable = Pick<pg.Pool, 'query'>;

/** The values of a statement that is put together piece by piece. */
export class SqlParameters {
  readonly values: unknown[] = [];

  /** Keeps `value` and answers the placeholder that stands for it. */
  add(value: unknown): string {
    this.values.push(value);
    return `$${String(this.values.length)}`;
  }
}

/** A condition on rows as SQL; adds its values to the parameters. */
export type Condition = (sql: SqlParameters) => string;

/** Compares a column with the value of a filter. Column and type are SQL of ours, never a caller's. */
export const compares =
  (column: string, operator: '=' | '>=' | '<=' = '=', type = 'text') =>
  (value: unknown): Condition =>
  (sql) =>
    `${column} ${operator} ${sql.add(value)}::${type}`;

/** Conditions as one, true where there are none. */
export const allOf = (conditions: readonly Condition[], sql: SqlParameters): string =>
  conditions.length === 0 ? 'true' : conditions.map((condition) => condition(sql)).join(' and ');
