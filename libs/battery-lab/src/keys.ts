import type { Key } from '#kernel/decider.js';

/** By what a device says of itself. */
export const deviceSerialKey = (device: {
  readonly manufacturer: string;
  readonly model: string;
  readonly serialNumber: string;
}): Key => textKey('cycler-device-serial', device.manufacturer, device.model, device.serialNumber);

/**
 * A battery is in one experiment at a time, from its turn until its output is off for good. A retired one holds this key
 * itself: it comes into no experiment any more.
 */
export const batteryUnderTest = (batteryId: string): Key => ({
  ...{ kind: 'battery-under-test', value: batteryId },
});

/** A station that is in use holds its devices: none is at two of them. A retired device holds itself. */
export const stationDeviceKey = (deviceId: string): Key => ({
  ...{ kind: 'station-device', value: deviceId },
});

/**
 * What a station consists of, by the number of the configuration. An experiment holds the one that it runs on; a station
 * holds those that are over: so none is changed under an experiment, and none begins on one that was changed.
 */
export const stationConfiguration = (stationId: string, number: number): Key => ({
  ...{ kind: 'station-configuration', value: `${stationId}/${String(number)}` },
});

/** A claimed key of texts: those that differ in case or spaces only are the same. */
export const textKey = (kind: string, ...texts: readonly string[]): Key => ({
  kind,
  value: JSON.stringify(
    texts.map((text) => text.normalize('NFKC').trim().replace(/\s+/g, ' ').toLowerCase()),
  ),
});
