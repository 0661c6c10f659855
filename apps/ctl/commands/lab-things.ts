import type { Command } from 'commander';

import { contextOf } from '../context.js';
import { usage } from '../exit-codes.js';
import { limitOption, listRows } from '../list-rows.js';
import { type Cell, printJson, printTable, write } from '../output.js';
import { addKind, argumentOf, type Kind, onThing, thingIdOf } from './lab-reading.js';
import { listOf, numberOf, post, rangeOf, reasonOption } from './post.js';

export const devices: Kind = {
  ...{ word: 'devices', about: 'what drives or measures batteries', one: 'device' },
  ...{ path: '/v1/cycler-devices', namedBy: 'serialNumber' },
  filters: [
    ...['type', 'manufacturer', 'model', 'serial-number', 'calibrated-on', 'calibration-due-by'],
  ],
  of: () => ({ unit: units, station: stations }),
  columns: ['type', 'manufacturer', 'model', 'serialNumber', 'firmware'],
};
const units: Kind = {
  ...{ word: 'units', about: 'computers that run programs', one: 'unit', path: '/v1/units' },
  ...{ namedBy: 'name', filters: ['name'], columns: ['name'] },
};
export const stations: Kind = {
  ...{ word: 'stations', about: 'places at which batteries are tested', one: 'station' },
  ...{ path: '/v1/stations', namedBy: 'name' },
  filters: ['name', 'location'],
  of: () => ({ unit: units, device: devices }),
  columns: ['name', 'location', 'unitId', 'since'],
};

/** What a lab has besides its batteries: `voltrace lab devices ...` and the others. */
export const addLabThings = (lab: Command): void => {
  addDevices(lab);
  addUnits(lab);
  addStations(lab);
};

interface Ranges {
  readonly voltage?: object;
  readonly current?: object;
  readonly power?: object;
}

const addDevices = (lab: Command): void => {
  const group = addKind(lab, devices);
  group
    .command('add')
    .description('register a device that drives or measures batteries')
    .argument('<type>', 'cycler, bidirectionalSource, source, load, meter, bms or flowMeter')
    .requiredOption('--manufacturer <name>')
    .requiredOption('--model <name>')
    .requiredOption('--serial-number <number>')
    .option('--firmware <version>')
    .option('--voltage <range>', 'that it can have, in V', rangeOf)
    .option('--current <range>', 'that it can drive, in A, negative discharges', rangeOf)
    .option('--power <range>', 'that it can drive, in W', rangeOf)
    .option(...reasonOption)
    .action((type: string, options: Ranges, command: Command) => {
      const { voltage, current, power, ...rest } = options;
      const isKnown = voltage ?? current ?? power;
      const ranges = { voltageV: voltage, currentA: current, powerW: power };
      const body = { type, ...rest, ...(isKnown && { ranges }) };
      return post(command, devices.path, body, ({ id }) => `Device ${id} is registered.`);
    });
  const about = 'record that a device was calibrated';
  onThing<{ channel?: readonly string[] }>(
    group,
    devices,
    { name: 'record-calibration', about },
    ({ channel = [], ...options }) => ({ ...options, channels: channel.map(channelOf) }),
  )
    .requiredOption('--certificate <number>')
    .requiredOption('--calibrated-on <day>')
    .requiredOption('--valid-until <day>')
    .option('--channel <quantity=factor,offset>', 'such as voltage=1.0004,-0.0012', listOf);
  group
    .command('calibration')
    .description('whether a device is calibrated on a day')
    .argument('<device>', 'its id or serialNumber')
    .option('--on <day>', 'today (UTC) unless given')
    .action(async (given: string, { on }: { on?: string }, command: Command) => {
      const { api, json } = contextOf(command);
      const path = `${devices.path}/${await thingIdOf(api, devices, given)}/calibration`;
      const found = await api.get<Calibrated>(path, { on });
      if (json) return printJson(found);
      const { calibration } = found;
      await write(
        calibration
          ? `Calibrated on ${found.on} by ${calibration.certificate}, until ${calibration.validUntil}.\n`
          : `Not calibrated on ${found.on}.\n`,
      );
    });
};

interface Calibrated {
  readonly on: string;
  readonly calibration: { readonly certificate: string; readonly validUntil: string } | null;
}

const channelOf = (text: string) => {
  const [, quantity, factor, offset] = /^(\w+)=([^,]+),([^,]+)$/.exec(text) ?? [];
  if (quantity === undefined || factor === undefined || offset === undefined) {
    throw usage(`"${text}" is no channel; expected one such as voltage=1.0004,-0.0012.`);
  }
  return { quantity, factor: numberOf(factor), offset: numberOf(offset) };
};

const addUnits = (lab: Command): void => {
  const group = addKind(lab, units);
  group
    .command('add')
    .description('register a device of the link as a unit')
    .argument('<name>')
    .requiredOption('--device-id <id>', 'the device by whose credential it connects')
    .option(...reasonOption)
    .action((name: string, options: object, command: Command) =>
      post(command, units.path, { name, ...options }, ({ id }) => `Unit ${id} is registered.`),
    );
  onThing(group, units, { name: 'rename', about: 'call a unit something else' }).requiredOption(
    '--name <name>',
  );
  onThing(group, units, {
    ...{ name: 'request-detection', about: 'ask a unit which devices hang on its links' },
  });
  group
    .command('detected')
    .description('what a unit found at its links, and which of it is not registered yet')
    .argument(...argumentOf(units))
    .option(...limitOption)
    .action(async (given: string, { limit }: { limit?: string }, command: Command) => {
      const { api, json } = contextOf(command);
      const path = `${units.path}/${await thingIdOf(api, units, given)}/detected-devices`;
      const columns = ['type', 'manufacturer', 'model', 'serialNumber', 'firmware', 'linkName'];
      const print = (items: readonly Readonly<Record<string, Cell>>[]) =>
        printTable(
          [...columns, 'registered as'],
          items.map((item) => [
            ...columns.map((column) => item[column]),
            item['deviceId'] ?? 'not registered',
          ]),
        );
      return listRows(api, { path, query: {}, json, print }, { limit });
    });
};

interface StationOptions {
  readonly unit: string;
  readonly device: readonly string[];
  readonly measure?: readonly string[];
}

/** The configuration of a station, with units and devices as they are named on the command line. */
const configurationOf = async (
  { unit, device, measure = [], ...rest }: StationOptions,
  api: Parameters<typeof thingIdOf>[0],
) => {
  const deviceId = (given: string) => thingIdOf(api, devices, given);
  const split = (text: string, shape: RegExp, expected: string): readonly string[] => {
    const found = shape.exec(text);
    if (!found) throw usage(`"${text}" is unclear; expected ${expected}.`);
    return found.slice(1);
  };
  const used = device.map((text) => split(text, /^(.+):(\w+)$/, '<device>:<role>'));
  const measured = measure.map((text) =>
    split(text, /^([^=]+)=(.+)\/([^/:]+)(?::(.+))?$/, '<name>=<device>/<channel>[:<unit>]'),
  );
  return {
    ...rest,
    unitId: await thingIdOf(api, units, unit),
    devices: await Promise.all(
      used.map(async ([of = '', role]) => ({ deviceId: await deviceId(of), role })),
    ),
    measures: await Promise.all(
      measured.map(async ([name, of = '', channel, unitOfValues]) => ({
        ...{ name, deviceId: await deviceId(of), channel, unit: unitOfValues },
      })),
    ),
  };
};

const withConfiguration = (command: Command): Command =>
  command
    .requiredOption('--unit <unit>', 'that runs programs on its devices')
    .requiredOption(
      '--device <device:role>',
      'for each: power, source, load or measurement',
      listOf,
    )
    .option('--measure <name=device/channel:unit>', 'for each that is recorded besides', listOf)
    .option('--location <text>')
    .option('--at <time>', 'since when, ISO 8601 with zone');

const addStations = (lab: Command): void => {
  const group = addKind(lab, stations);
  withConfiguration(
    group
      .command('add')
      .description('register a station')
      .argument('<name>')
      .option(...reasonOption),
  ).action(async (name: string, options: StationOptions, command: Command) => {
    const body = { name, ...(await configurationOf(options, contextOf(command).api)) };
    return post(command, stations.path, body, ({ id }) => `Station ${id} is registered.`);
  });
  const about = 'say what a station consists of from now on';
  withConfiguration(onThing(group, stations, { name: 'reconfigure', about }, configurationOf));
};
