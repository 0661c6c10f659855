import type { Definition } from './decider.js';

/** The devices of a house by their names at the site. */
export interface HouseDevices {
  /** Measures the circuits of the house: generation is positive, use is negative. */
  readonly meter: string;
  /** Power in watts, positive where it discharges. */
  readonly battery: string;
  /** Tells when a car begins and ends to charge. */
  readonly charger: string;
}

export interface NamedDefinition extends Definition {
  readonly name: string;
}

/** The sixteen formulas that front ends expect of a laboratory house, by fixed names. */
export const houseTemplate = ({
  meter,
  battery,
  charger,
}: HouseDevices): readonly NamedDefinition[] => {
  const power = `${battery}.status.Pac_total_W`;
  const charged = `events.${charger}::EV_END_CHARGING`;
  const rows: readonly (readonly [string, string, string | null, string])[] = [
    ['battery', `${power} / 1000`, 'kW', 'Power of the battery, positive where it discharges'],
    ['battery_charging', `-neg(${power}) / 1000`, 'kW', 'Power into the battery'],
    ['battery_discharging', `pos(${power}) / 1000`, 'kW', 'Power out of the battery'],
    ['ev', `-${meter}.A.EV`, 'kW', 'Power into the car'],
    ['ev_charge_duration', `${charged}.duration`, 'ms', 'Time that a car charged, at its end'],
    ['ev_charge_energy', `${charged}.energy`, 'mWh', 'Energy that a car took, at its end'],
    ['ev_event_count', `events.${charger}::EV_START_CHARGING`, null, '1 where a car begins'],
    ['grid_export', `pos(${meter}.A.GridPower)`, 'kW', 'Power to the grid'],
    ['grid_import', `-neg(${meter}.A.GridPower)`, 'kW', 'Power from the grid'],
    ['gridpower', `-${meter}.A.GridPower`, 'kW', 'Power from the grid, negative to it'],
    ['l1_frequency', `${meter}.A.L1_Frequency`, 'Hz', 'Frequency of the grid'],
    ['l1_voltage', `${meter}.A.L1_Voltage`, 'V', 'Voltage of the first line'],
    ['l2_voltage', `${meter}.A.L2_Voltage`, 'V', 'Voltage of the second line'],
    ['load', `-${meter}.A.Load`, 'kW', 'Power that the house uses'],
    ['soc', `${battery}.battery.battery_status.relativestateofcharge`, '%', 'State of charge'],
    ['solar', `pos(${meter}.A.Solar)`, 'kW', 'Power of the panels'],
  ];
  return rows.map(([name, expression, unit, description]) => {
    return { name, expression, unit, description };
  });
};
