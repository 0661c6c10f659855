/** The values of a statement that is put together piece by piece. */
export class SqlParameters {
  readonly values: unknown[] = [];

  /** Keeps `value` and answers the placeholder that stands for it. */
  add(value: unknown): string {
    this.values.push(value);
    return `$${String(this.values.length)}`;
  }
}

/** Conditions as one, true where there are none. */
export const allOf = (conditions: readonly string[]): string =>
  conditions.length === 0 ? 'true' : conditions.join(' and ');
