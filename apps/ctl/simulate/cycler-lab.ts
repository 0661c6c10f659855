import type { ApiClient } from '../client.js';
import { write } from '../output.js';

/** What the simulated lab's things are called. */
export const cyclerLab = {
  unit: 'simulated-unit',
  /** Of the outputs of the unit: the first one is `SIM-1`. */
  serial: 'SIM',
  station: 'simulated-station',
  battery: 'simulated-cell',
  profile: 'cc-cv-ten-cycles',
} as const;

const reason = 'a simulated cycler';
/** Of the simulated cell of `apps/cycler-sim`, Ah. */
const capacityAh = 2.6;

const program = {
  steps: [
    {
      loop: [
        { do: 'cccv', cRate: 1, voltageV: 4.15, until: [{ cRate: 0.05 }] },
        { do: 'rest', until: [{ timeS: 300 }] },
        { do: 'cc', cRate: -1, until: [{ voltageV: 3 }] },
        { do: 'rest', until: [{ timeS: 300 }] },
      ],
      times: 10,
    },
  ],
};

/** As what a unit connects. */
export interface UnitCredential {
  readonly unitId: string;
  readonly secret: string;
}

/**
 * Registers what an experiment with a simulated cell needs; what is there by its name is used. The unit gets a new
 * credential, and those that it had are revoked, for it has two at most.
 */
export async function cyclerLabOf(api: ApiClient): Promise<UnitCredential> {
  const made = new Things(api);
  const unitId = await made.thing('/v1/units', { name: cyclerLab.unit }, async () => ({
    deviceId: (await api.post<{ id: string }>('/v1/devices', { type: 'cycler-unit', reason })).id,
  }));
  const device = {
    ...{ manufacturer: 'Voltrace', model: 'Simulated cycler' },
    serialNumber: `${cyclerLab.serial}-1`,
  };
  const deviceId = await made.thing('/v1/cycler-devices', device, () => ({
    ...{ type: 'cycler' },
    ranges: { voltageV: { min: 0, max: 6 }, currentA: { min: -20, max: 20 } },
  }));
  await made.thing('/v1/stations', { name: cyclerLab.station }, () => ({
    ...{ unitId, devices: [{ deviceId, role: 'power' }] },
    measures: [{ name: 'temperature', deviceId, channel: 'temperatureC', unit: 'degC' }],
  }));
  const cell = { manufacturer: 'Voltrace', model: 'analytic', serialNumber: cyclerLab.battery };
  await made.thing('/v1/batteries', cell, () => ({
    ...{ name: cyclerLab.battery, technology: 'lithium', chemistry: 'NMC' },
    ...{ nominalCapacityAh: capacityAh, cellsInSeries: 1 },
    limits: {
      ...{ voltageV: { min: 2.4, max: 4.25 }, currentA: { min: -6, max: 6 } },
      temperatureC: { min: 0, max: 60 },
    },
  }));
  await made.thing('/v1/profiles', { name: cyclerLab.profile }, () => ({
    ...{ program, description: 'Ten cycles: CC-CV charge at 1 C to 4.15 V, discharge to 3 V.' },
  }));
  return { unitId, secret: await newSecret(api, unitId) };
}

class Things {
  constructor(private readonly api: ApiClient) {}

  /** The id of the one that is in use by this name, or of a new one. */
  async thing(
    path: string,
    named: Readonly<Record<string, string>>,
    rest: () => object | Promise<object>,
  ): Promise<string> {
    const query = { ...named, status: 'inUse' };
    for await (const { id } of this.api.items<{ id: string }>(path, query, 1)) return id;
    const body = { ...named, ...(await rest()), reason };
    const { id } = await this.api.post<{ id: string }>(path, body);
    const [, , kind] = path.split('/');
    await write(`New in ${String(kind)}: ${Object.values(named).join(' ')} (${id}).\n`);
    return id;
  }
}

async function newSecret(api: ApiClient, deviceId: string): Promise<string> {
  const path = `/v1/devices/${deviceId}`;
  const query = { deviceId, status: 'live' };
  for await (const { credential } of api.items<{ credential: string }>(
    '/v1/device-credentials',
    query,
  )) {
    await api.post(`${path}/revoke-credential`, { credential, reason });
  }
  return (await api.post<{ secret: string }>(`${path}/issue-credential`, { reason })).secret;
}
