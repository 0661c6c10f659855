import type { DeviceClient } from '#device-link/device-client.js';
import { wallNow } from '#kernel/wall-clock.js';

import type { House, HouseMoment } from './house.js';
import type { SimulatedDevice } from './house-devices.js';

export interface PlayedDevice extends SimulatedDevice {
  readonly client: Pick<DeviceClient, 'send'>;
}

export interface Period {
  /** Milliseconds since 1970. */
  readonly from: number;
  readonly to: number;
  readonly stepMs: number;
}

/** Samples of one message. */
const rowsOfMessage = 60;

/** Has the devices send what they would have read in a period that is over, in as few messages as fit. Returns the samples. */
export const playPast = async (
  house: House,
  devices: readonly PlayedDevice[],
  { from, to, stepMs }: Period,
): Promise<number> => {
  let samples = 0;
  for (let start = from; start < to; start += rowsOfMessage * stepMs) {
    const times: number[] = [];
    for (let at = start; at < to && times.length < rowsOfMessage; at += stepMs) times.push(at);
    const moments = times.map((at) => house.step(minuteOf(at), stepMs / 1_000));
    for (const device of devices) {
      const rows = moments.map((moment, row) => ({ t: times[row], values: device.read(moment) }));
      await device.client.send('samples', { rows });
      samples += rows.length * Object.keys(device.series).length;
      for (const [row, moment] of moments.entries())
        await tell(device, moment, times[row] ?? start);
    }
  }
  return samples;
};

/** Has the devices send what they read now, a row each. Returns the power balance for whoever watches. */
export const playNow = async (
  house: House,
  devices: readonly PlayedDevice[],
  stepMs: number,
): Promise<ReturnType<House['step']>> => {
  const at = Math.floor(wallNow() / stepMs) * stepMs;
  const moment = house.step(minuteOf(at), stepMs / 1_000);
  for (const device of devices) {
    await device.client.send('samples', { rows: [{ t: at, values: device.read(moment) }] });
    await tell(device, moment, at);
  }
  return moment;
};

const tell = async (
  { client, tellsOfCar }: PlayedDevice,
  { happened }: HouseMoment,
  at: number,
): Promise<void> => {
  if (!happened || tellsOfCar !== true) return;
  await client.send('occurrences', { ...happened, at: new Date(at).toISOString() });
};

/** Minute of the UTC day, with its fraction. */
const minuteOf = (at: number): number => (at % 86_400_000) / 60_000;
