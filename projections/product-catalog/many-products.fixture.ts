import fc from 'fast-check';

import { CatalogDatabase } from './catalog-database.fixture.js';
import { decimal, Story, text } from './story.fixture.js';

/** A catalogue with `count` products, many of which sort alike or have no value to sort by. */
export const manyProducts = async (count: number): Promise<CatalogDatabase> => {
  const many = await CatalogDatabase.create();
  const story = new Story().maker('A', 'AA').maker('B');
  const some = fc.record({
    maker: fc.constantFrom('A', 'B', 'Unknown'),
    coded: fc.boolean(),
    capacity: fc.constantFrom(undefined, '1', '1.0', '2', '10', '-3.5'),
    chemistry: fc.constantFrom(undefined, 'LiIon', 'LiFePO4'),
  });
  for (const [index, one] of fc.sample(some, count).entries()) {
    story.battery(
      `M ${String(index % 7)}/${String(index)}`,
      one.maker,
      one.coded ? `C-${String(index)}` : null,
      {
        ...(one.capacity !== undefined && {
          EnergyCapacityNominal: decimal(one.capacity, 'kWh'),
          PowerDCContinuousMax: decimal(one.capacity, 'W'),
        }),
        ...(one.chemistry !== undefined && { BatteryChemistryType: text(one.chemistry) }),
      },
    );
  }
  await many.apply(story.events, 40);
  return many;
};
