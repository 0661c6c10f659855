/** What a house does in a day, minute by minute: averages in watt, neither negative. */
export interface DayProfile {
  readonly solarW: readonly number[];
  readonly loadW: readonly number[];
}

/** What its devices would read at one moment. Powers in watt, positive as named. */
export interface HouseMoment {
  readonly solarW: number;
  readonly loadW: number;
  readonly evW: number;
  /** Positive: it discharges. */
  readonly batteryW: number;
  /** Positive: to the grid. */
  readonly exportW: number;
  /** 0 to 1. */
  readonly stateOfCharge: number;
  readonly car: 'UNPLUGGED' | 'CHARGING' | 'CHARGED';
  /** Since the car was plugged in, in Wh. */
  readonly carWh: number;
  readonly voltage: number;
  readonly frequency: number;
  /** What the charger tells of this moment. */
  readonly happened?: Happening;
}

/** `duration` in milliseconds, `energy` in mWh. */
export type Happening =
  | { readonly kind: 'EV_START_CHARGING'; readonly details: object }
  | {
      readonly kind: 'EV_END_CHARGING';
      readonly details: { readonly duration: number; readonly energy: number };
    };

const battery = { capacityWh: 10_000, powerW: 4_600, efficiency: 0.95, lowest: 0.05 };
/** The car comes home in the evening and leaves in the morning. */
const car = {
  powerW: 3_700,
  needsWh: 11_000,
  comesAtMinute: 18 * 60 + 10,
  leavesAtMinute: 7 * 60 + 20,
};
const minutesOfDay = 1_440;

/** A house with panels, a battery that takes and gives what is left over or missing, and a car. */
export class House {
  private charge = 0.4;
  private carWh = 0;
  private chargedSeconds: number | undefined;

  constructor(private readonly profile: DayProfile) {}

  /** Lets `seconds` pass up to a minute of the day (with a fraction), and reads what is there then. */
  step(minute: number, seconds: number): HouseMoment {
    const solarW = at(this.profile.solarW, minute);
    const loadW = at(this.profile.loadW, minute);
    const isPlugged = minute >= car.comesAtMinute || minute < car.leavesAtMinute;
    const chargedWh = this.carWh;
    if (!isPlugged) this.carWh = 0;
    const isCharging = isPlugged && this.carWh < car.needsWh;
    const evW = isCharging ? car.powerW : 0;
    this.carWh += (evW * seconds) / 3_600;
    const happened = this.toldOf(isCharging, seconds, chargedWh);
    const batteryW = this.balance(loadW + evW - solarW, seconds);
    const exportW = solarW + batteryW - loadW - evW;
    return {
      ...{ solarW, loadW, evW, batteryW, exportW, stateOfCharge: this.charge },
      car: isCharging ? 'CHARGING' : isPlugged ? 'CHARGED' : 'UNPLUGGED',
      carWh: this.carWh,
      // The grid sags a little where the house draws from it.
      voltage: 231 + exportW / 4_000,
      frequency: 50 + 0.02 * Math.sin(minute / 7),
      ...(happened && { happened }),
    };
  }

  private toldOf(isCharging: boolean, seconds: number, energyWh: number): Happening | undefined {
    const { chargedSeconds } = this;
    this.chargedSeconds = isCharging ? (chargedSeconds ?? 0) + seconds : undefined;
    if (chargedSeconds === undefined)
      return isCharging ? { kind: 'EV_START_CHARGING', details: {} } : undefined;
    if (isCharging) return undefined;
    const [duration, energy] = [chargedSeconds, energyWh].map((one) => Math.round(one * 1_000));
    return { kind: 'EV_END_CHARGING', details: { duration: duration ?? 0, energy: energy ?? 0 } };
  }

  /** What the battery gives (or takes, negative) of the missing power, within what it can. */
  private balance(missingW: number, seconds: number): number {
    const { capacityWh, powerW, efficiency, lowest } = battery;
    const hours = seconds / 3_600;
    const most = ((this.charge - lowest) * capacityWh * efficiency) / hours;
    const room = ((1 - this.charge) * capacityWh) / efficiency / hours;
    const given = Math.max(-Math.min(powerW, room), Math.min(powerW, most, missingW));
    const takenWh = given > 0 ? (given * hours) / efficiency : given * hours * efficiency;
    this.charge = Math.min(1, Math.max(0, this.charge - takenWh / capacityWh));
    return given;
  }
}

/** Between two minutes in a straight line. */
const at = (values: readonly number[], minute: number): number => {
  const [before, share] = [Math.floor(minute) % minutesOfDay, minute % 1];
  const one = values[before] ?? 0;
  return one + ((values[(before + 1) % minutesOfDay] ?? one) - one) * share;
};

/** A clear day in summer, and a household with a morning and an evening, where no recorded day is at hand. */
export const builtInDay = (): DayProfile => {
  const bell = (minute: number, middle: number, width: number): number =>
    Math.exp(-(((minute - middle) / width) ** 2));
  const minutes = Array.from({ length: minutesOfDay }, (_, minute) => minute);
  return {
    solarW: minutes.map((minute) => {
      const sun = Math.sin((Math.PI * (minute - 320)) / 960);
      return Math.max(0, Math.round(5_200 * sun * (0.9 + 0.1 * Math.sin(minute / 11))));
    }),
    loadW: minutes.map((minute) =>
      Math.round(
        180 +
          900 * bell(minute, 430, 50) +
          700 * bell(minute, 740, 60) +
          1_500 * bell(minute, 1_170, 90) +
          120 * (minute % 45 < 12 ? 1 : 0),
      ),
    ),
  };
};
