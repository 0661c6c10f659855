import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { type Command, Option } from 'commander';

import type { DeviceClient } from '#device-link/device-client.js';
import { writePrivateFile } from '#embedded/files.js';
import { wallNow } from '#kernel/wall-clock.js';

import type { ApiClient } from '../client.js';
import { contextOf, segment } from '../context.js';
import { CommandFailure, usage } from '../exit-codes.js';
import { write } from '../output.js';
import { dataFolder, mqttUrl } from '../settings.js';
import { dayProfile } from '../simulate/day-profile.js';
import { House } from '../simulate/house.js';
import { houseDevices } from '../simulate/house-devices.js';
import { type PlayedDevice, playNow, playPast } from '../simulate/play.js';
import { addSimulateCycler } from './simulate-cycler.js';

interface SiteOptions {
  readonly name: string;
  readonly profile?: string;
  readonly broker?: string;
  readonly interval: string;
  readonly once?: boolean;
}

/** What a simulated site is known by, for the next time: its devices keep their secrets. */
interface SimulatedSite {
  readonly siteId: string;
  readonly devices: Readonly<Record<string, { readonly id: string; readonly secret: string }>>;
}

const dayMs = 86_400_000;
/** Step of what is played of the day until now. */
const pastStepMs = 60_000;
const reason = 'a simulated house';

export function addSimulateCommands(voltrace: Command): void {
  const simulate = voltrace.command('simulate').description('devices that are not there');
  simulate
    .command('site')
    .description(
      'a house with panels, a battery and a car that sends over MQTT: yesterday and today at once, then live until Ctrl-C',
    )
    .option('--name <name>', 'of the site', 'simulated-house')
    .option(
      '--profile <folder>',
      'day profiles of an OpenEMS simulation; a built-in day unless given',
    )
    .option(
      '--broker <url>',
      'such as mqtt://127.0.0.1:1883; that of the server that runs here unless given',
    )
    .addOption(new Option('--interval <seconds>', 'between two live samples').default('4'))
    .option('--once', 'end when the past is played')
    .action(simulateSite);
  addSimulateCycler(simulate);
}

async function simulateSite(options: SiteOptions, command: Command): Promise<void> {
  const { api } = contextOf(command);
  const stepMs = Number(options.interval) * 1_000;
  if (!(stepMs >= 100 && stepMs <= 3_600_000)) {
    throw usage(`--interval is "${options.interval}"; expected seconds from 0.1 to 3600.`);
  }
  const url = options.broker ?? mqttUrl();
  const house = new House(dayProfile(options.profile));
  const site = await siteOf(api, options.name);
  const played: PlayedDevice[] = [];
  const clients: DeviceClient[] = [];
  try {
    for (const device of houseDevices) {
      const known = site.devices[device.name];
      if (!known) continue;
      const client = await connect(url, known);
      clients.push(client);
      await client.send('birth', { type: device.name, firmware: 'simulated' });
      played.push({ ...device, client });
    }
    await play(house, played, {
      stepMs,
      isOnce: options.once === true,
      flush: () => flushAll(clients),
    });
  } finally {
    await Promise.all(clients.map((client) => client.close()));
  }
}

interface Playing {
  readonly stepMs: number;
  readonly isOnce: boolean;
  readonly flush: () => Promise<void>;
}

async function play(
  house: House,
  devices: readonly PlayedDevice[],
  { stepMs, isOnce, flush }: Playing,
): Promise<void> {
  const startedAt = performance.now();
  const now = Math.floor(wallNow() / pastStepMs) * pastStepMs;
  const from = Math.floor(now / dayMs) * dayMs - dayMs;
  const samples = await playPast(house, devices, { from, to: now, stepMs: pastStepMs });
  await flush();
  const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
  await write(`Yesterday and today until now: ${samples} samples acknowledged in ${seconds} s.\n`);
  if (isOnce) return;
  const stopping = new AbortController();
  process.once('SIGINT', () => stopping.abort());
  while (!stopping.signal.aborted) {
    const { solarW, loadW, evW, exportW, stateOfCharge } = await playNow(house, devices, stepMs);
    const watts = Object.entries({ solar: solarW, load: loadW, car: evW, grid: -exportW })
      .map(([name, watt]) => `${name} ${(watt / 1_000).toFixed(2)} kW`)
      .join('  ');
    await write(`${watts}  battery ${(stateOfCharge * 100).toFixed(0)} %\n`);
    await sleep(stepMs, undefined, { signal: stopping.signal }).catch(() => undefined);
  }
  await flush();
}

const flushAll = async (clients: readonly DeviceClient[]): Promise<void> => {
  await Promise.all(clients.map((client) => client.flush()));
};

async function connect(
  url: string,
  { id, secret }: { id: string; secret: string },
): Promise<DeviceClient> {
  // The client of MQTT takes half of the start of a command, and no other command needs it.
  const { DeviceClient: Client } = await import('#device-link/device-client.js');
  try {
    return await Client.connect({
      ...{ url, device: id, secret },
      onRetry: ({ message }) => {
        process.stderr.write(`Device ${id} sends a message again: ${message}\n`);
      },
    });
  } catch (error) {
    throw new CommandFailure(
      `The broker at ${url} does not take device ${id}: ${(error as Error).message}`,
      1,
      { cause: error },
    );
  }
}

/** The site of an earlier run, or a new one with its devices, series and credentials. */
async function siteOf(api: ApiClient, name: string): Promise<SimulatedSite> {
  const file = join(dataFolder(), `simulated-${encodeURIComponent(name)}.json`);
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as SimulatedSite;
  const timeZone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const site = await api.post<{ id: string }>('/v1/sites', { name, timeZone, reason });
  const devices: Record<string, { id: string; secret: string }> = {};
  for (const { name: deviceName, type, series } of houseDevices) {
    const at = { siteId: site.id, name: deviceName };
    const { id } = await api.post<{ id: string }>('/v1/devices', { type, ...at, reason });
    for (const [seriesName, { unit, kind, interpolation }] of Object.entries(series)) {
      await api.post(`/v1/devices/${segment(id)}/declare-series`, {
        ...{
          series: seriesName,
          valueType: kind === 'text' ? 'text' : 'number',
          kind,
          interpolation,
        },
        ...(unit !== undefined && { unit }),
        reason,
      });
    }
    const issued = await api.post<{ secret: string }>(
      `/v1/devices/${segment(id)}/issue-credential`,
      { reason },
    );
    devices[deviceName] = { id, secret: issued.secret };
  }
  const made = { siteId: site.id, devices };
  writePrivateFile(file, `${JSON.stringify(made, null, 2)}\n`);
  await write(`Site ${name} (${site.id}) with ${Object.keys(devices).join(', ')}.\n`);
  return made;
}
