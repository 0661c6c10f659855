import type { ProductType } from './product/events.js';

/** The kind of value that an element takes; a unit is required where units are named. */
export type ElementKind =
  | {
      readonly kind: 'decimal';
      readonly units: readonly string[];
      readonly min?: 0;
      readonly max?: 1;
    }
  | { readonly kind: 'integer' }
  | { readonly kind: 'text'; readonly maxLength: number }
  | { readonly kind: 'url' }
  | { readonly kind: 'enum'; readonly values: readonly string[] }
  | { readonly kind: 'efficiencies' };

const lengths = ['ft', 'in', 'mi', 'nmi', 'yd', 'cm', 'dm', 'km', 'm', 'mm'];
const masses = ['lb', 'oz', 'ozt', 't', 'g', 'kg', 'kt', 'Mt', 'Gt'];

const amount = (...units: readonly string[]): ElementKind => ({ kind: 'decimal', units, min: 0 });
const text = (maxLength: number): ElementKind => ({ kind: 'text', maxLength });
const energy = amount('kWh', 'MWh', 'Wh');
const power = amount('W', 'kW', 'MW', 'GW');
const voltage = amount('V', 'kV', 'MV', 'GV');
const temperature: ElementKind = { kind: 'decimal', units: ['Cel', 'K', 'F'] };

/** Elements of every product, its Dimension flattened. */
const ofEveryProduct = {
  Description: text(2_000),
  FileFolderURL: { kind: 'url' },
  ManufacturerUPC: text(50),
  ProdDatasheetURL: { kind: 'url' },
  ProdName: text(500),
  Height: amount(...lengths),
  Length: amount(...lengths),
  Width: amount(...lengths),
  Mass: amount(...masses),
  Weight: amount(...masses),
} satisfies Record<string, ElementKind>;

/**
 * The elements that a product of each type takes, under their Orange Button names. Nested objects
 * are flattened: `PowerDCContinuousMax`, `PowerDCMax`, `CurrentDCMax` and the voltages are
 * DCOutput's, `MPPTNumber` is DCInput's. `EfficiencyBatteryRoundTrip` is a list here, one rating
 * per inverter pairing, since that is how it is declared.
 */
export const elementsByType: Readonly<Record<ProductType, Readonly<Record<string, ElementKind>>>> =
  {
    ProdBattery: {
      ...ofEveryProduct,
      AltitudeInstallationMax: { kind: 'decimal', units: lengths },
      BatteryChemistryType: {
        kind: 'enum',
        values: [
          'LeadAcidGel',
          'LeadAcidAGM',
          'LeadAcidFlooded',
          'LeadAcidSealed',
          'LiFePO4',
          'LiPoly',
          'NiCd',
          'LiIon',
          'NiMH',
          'NiFe',
          'NaS',
          'Hybrid',
          'PbC',
          'Other',
          'LeadAcid',
        ],
      },
      DepthOfDischargeMax: { kind: 'decimal', units: ['decimal_percent'], min: 0, max: 1 },
      EfficiencyBatteryRoundTrip: { kind: 'efficiencies' },
      EnergyCapacityNominal: energy,
      EnergyCapacityUsable: energy,
      TemperatureMaximumOperating: temperature,
      TemperatureMinimumOperating: temperature,
      CurrentDCMax: amount('A'),
      PowerDCContinuousMax: power,
      PowerDCMax: power,
      VoltageDCMax: voltage,
      VoltageDCMin: voltage,
      VoltageDCNom: voltage,
      MPPTNumber: { kind: 'integer' },
    },
  };
