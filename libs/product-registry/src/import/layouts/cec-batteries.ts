import type { FactLayout } from './fact-layout.js';
import { batteryTitleRow, notBatteries } from './known-lists.js';

/** Stored with every fact that this list asserts. */
export const cecBatteriesList = 'cec-batteries';
/** Who lists the products that it names. Stored with their listings. */
export const cecBatteriesAgency = 'CEC';

/**
 * The California Energy Commission's battery list: the sixteen columns of the published workbook and
 * the shorter export of 2025. A change of what a column means is a new mapping version.
 */
export const cecBatteries = {
  name: cecBatteriesList,
  title: 'the CEC battery list',
  titleRow: batteryTitleRow,
  others: notBatteries,
  columns: {
    manufacturer: {
      names: ['manufacturer name', 'manufacturer'],
      required: true,
      fact: '/manufacturer',
    },
    brand: { names: ['brand'], fact: '/qualifications/CEC/remarks/Brand' },
    model: { names: ['model number'], required: true, fact: '/model' },
    technology: {
      names: ['technology', 'chemistry'],
      required: true,
      fact: '/elements/BatteryChemistryType',
    },
    description: { names: ['description'], fact: '/elements/Description' },
    certifyingEntity: {
      names: [
        'ul 1973 certification certifying entity',
        'ul 1973 certifying entity',
        'certifying entity',
      ],
      fact: '/certifications/UL1973',
    },
    certificateDate: {
      names: [
        'ul 1973 certification certificate date',
        'ul 1973 certificate date',
        'certificate date',
      ],
      date: true,
    },
    edition: {
      names: ['ul 1973 certification edition of ul 1973', 'edition of ul 1973'],
    },
    energy: {
      names: ['nameplate energy capacity', 'capacity'],
      required: true,
      units: ['kWh', 'Wh', 'MWh'],
      decimal: true,
      fact: '/elements/EnergyCapacityNominal',
    },
    power: {
      names: ['maximum continuous discharge rate', 'discharge rate'],
      required: true,
      units: ['kW', 'W', 'MW'],
      decimal: true,
      fact: '/elements/PowerDCContinuousMax',
    },
    efficiency: {
      names: ['manufacturer declared roundtrip efficiency', 'round trip efficiency'],
      fact: '/elements/EfficiencyBatteryRoundTrip',
    },
    ja12Strategies: {
      names: ['certified ja12 control strategies'],
      fact: '/qualifications/CEC/remarks/CertifiedJA12ControlStrategies',
    },
    ja12Declaration: {
      names: ['declaration for ja12 submitted'],
      fact: '/qualifications/CEC/remarks/DeclarationForJA12Submitted',
    },
    notes: { names: ['notes'], fact: '/qualifications/CEC/notes' },
    listingDate: {
      names: ['cec listing date', 'battery listing date'],
      date: true,
      fact: '/qualifications/CEC/listingDate',
    },
    lastUpdate: {
      names: ['last update'],
      date: true,
      fact: '/qualifications/CEC/lastUpdate',
    },
  },
} as const satisfies FactLayout;

export type BatteryColumn = keyof typeof cecBatteries.columns;
