import { expect, it } from 'vitest';

import { recordColumns, recordRow } from './record-columns.js';

it('has a column of its own for each channel, whatever a unit calls it', () => {
  const names = ['cell1V', 'voltage_v', '__proto__', 'toString', 'constructor'];
  const channels = JSON.parse(
    `{${names.map((name, value) => `"${name}": ${String(value)}`).join(', ')}}`,
  ) as Record<string, number>;
  const record = {
    ...{ testTimeS: 0, voltageV: 3.6, currentA: 1, stepCount: 1, stepId: 1, cycle: 1 },
    ...{ temperatureC: 25, utcMs: 0 },
  };
  const row = recordRow({ record, channels, position: 1n });
  const columns = recordColumns(names).slice(-names.length);
  expect(new Set(columns.map(({ name }) => name)).size).toBe(names.length);
  expect(columns.map(({ name }) => (Object.hasOwn(row, name) ? row[name] : 'none'))).toEqual([
    0, 1, 2, 3, 4,
  ]);
  // What a record without these channels has of them.
  const without = recordRow({ record, channels: {}, position: 1n });
  expect(columns.map(({ name }) => without[name])).toEqual(names.map(() => undefined));
});
