import type { Layout } from '../layout.js';

/** Some columns, all of which a file must have. */
export const batteryLayout = {
  name: 'batteries',
  title: 'a list of batteries',
  columns: {
    manufacturer: { names: ['manufacturer name', 'manufacturer'], required: true },
    model: { names: ['model number'], required: true },
    technology: { names: ['technology', 'chemistry'], required: true },
    energy: {
      names: ['nameplate energy capacity', 'capacity'],
      required: true,
      units: ['kWh', 'Wh'],
      decimal: true,
    },
    power: {
      names: ['maximum continuous discharge rate', 'discharge rate'],
      required: true,
      units: ['kW', 'W'],
      decimal: true,
    },
  },
} as const satisfies Layout;
