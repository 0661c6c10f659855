import type { Layout } from '#csv/layout.js';

/** Stored with every fact that this list asserts. */
export const cecBatteriesList = 'cec-batteries';

/**
 * The California Energy Commission's battery list: the sixteen columns of the published workbook and
 * the shorter export of 2025. A change of what a column means is a new mapping version.
 */
export const cecBatteries = {
  name: cecBatteriesList,
  title: 'the CEC battery list',
  columns: {
    manufacturer: { names: ['manufacturer name', 'manufacturer'], required: true },
    brand: { names: ['brand'] },
    model: { names: ['model number'], required: true },
    technology: { names: ['technology', 'chemistry'], required: true },
    description: { names: ['description'] },
    certifyingEntity: {
      names: [
        'ul 1973 certification certifying entity',
        'ul 1973 certifying entity',
        'certifying entity',
      ],
    },
    certificateDate: {
      names: [
        'ul 1973 certification certificate date',
        'ul 1973 certificate date',
        'certificate date',
      ],
    },
    edition: {
      names: ['ul 1973 certification edition of ul 1973', 'edition of ul 1973'],
    },
    energy: {
      names: ['nameplate energy capacity', 'capacity'],
      required: true,
      unit: 'kWh',
      decimal: true,
    },
    power: {
      names: ['maximum continuous discharge rate', 'discharge rate'],
      required: true,
      unit: 'kW',
      decimal: true,
    },
    efficiency: {
      names: ['manufacturer declared roundtrip efficiency', 'round trip efficiency'],
    },
    ja12Strategies: { names: ['certified ja12 control strategies'] },
    ja12Declaration: { names: ['declaration for ja12 submitted'] },
    notes: { names: ['notes'] },
    listingDate: { names: ['cec listing date', 'battery listing date'] },
    lastUpdate: { names: ['last update'] },
  },
} as const satisfies Layout;

export type BatteryColumn = keyof typeof cecBatteries.columns;
