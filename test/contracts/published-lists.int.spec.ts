import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { inspectCsvFile, readRows } from '#csv/csv-file.js';
import { asStored } from '#kernel/as-stored.js';
import { modelKeyOf, prodCodeOf } from '#product-registry/codes.js';
import { cecBatteries } from '#product-registry/import/layouts/cec-batteries.js';
import { normaliseBattery } from '#product-registry/import/normalise/battery.js';
import { columnsOf } from '#product-registry/import/normalise/columns.js';
import { ReconcileListing } from '#product-registry/product/commands.js';
import { productDecider } from '#product-registry/product/decider.js';
import type { ProductEvent } from '#product-registry/product/events.js';
import { commandMeta } from '#testing/decider-spec.js';

import { schemaCheck } from './json-schema.js';

const { messages } = asStored('product-registry', productDecider);
const checks = new Map(
  Object.entries(messages).map(([type, message]) => {
    if (message === 'private') throw new Error(`${type} is private`);
    return [type, { publish: message.publish, check: schemaCheck(message.schema) }];
  }),
);

const wrongIn = ({ type, data }: ProductEvent): readonly string[] => {
  const { publish, check } = checks.get(type)!;
  return check(publish(data)).map((what) => `${type}${what}`);
};

/** The events that each row of a list of batteries would lead to, were its product new. */
async function* eventsOf(path: string): AsyncGenerator<ProductEvent> {
  const file = await inspectCsvFile(path, [cecBatteries]);
  const columns = columnsOf(file);
  for await (const row of readRows(file)) {
    const normalised = normaliseBattery(row, columns);
    if ('rejected' in normalised) continue;
    const { facts } = normalised;
    const modelKey = modelKeyOf(facts.model);
    const lookedUp = {
      manufacturerId: '0d4b3a4e-5a0c-5f5b-8a5c-000000000002',
      modelKey,
      code: prodCodeOf('MAKER', modelKey.slice(0, 40)),
    };
    const id = '0d4b3a4e-5a0c-5f5b-8a5c-000000000001';
    const command = new ReconcileListing(id, facts, commandMeta(), lookedUp);
    yield* productDecider.decide(command, productDecider.initialState);
  }
}

// The published lists themselves are not part of the repository.
const folder = join(process.env['VOLTRACE_DATA'] ?? '../shared/data', 'product-registry');
const ofOthers = ['Battery_List_Data_ADA.2026-02-11.csv', 'cec_batteries_2025-06-10.csv'].map(
  (name) => join(folder, name),
);

describe('the facts of a list of batteries', () => {
  it.each(['examples/battery-list.csv', ...ofOthers.filter((path) => existsSync(path))])(
    'in %s are published as the schemas say',
    async (path) => {
      let events = 0;
      const wrong: string[] = [];
      for await (const event of eventsOf(path)) {
        events += 1;
        wrong.push(...wrongIn(event));
      }
      expect(wrong).toEqual([]);
      expect(events).toBeGreaterThan(10);
    },
  );
});
