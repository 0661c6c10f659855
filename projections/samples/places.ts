import type { ProjectionClient } from '#subscription/projection/projection.js';

import { Calendar } from './buckets.js';

/** By which zone the days of a device are: that of the site that it was attached to last, else UTC. */
export class Places {
  readonly sites = new Map<string, string>();
  readonly devices = new Map<string, string>();
  private readonly changedSites = new Set<string>();
  private readonly changedDevices = new Set<string>();

  zoneOf(device: string): Calendar {
    const zone = this.sites.get(this.devices.get(device) ?? '');
    return Calendar.of(zone ?? 'UTC');
  }

  setZone(site: string, zone: string): void {
    this.sites.set(site, zone);
    this.changedSites.add(site);
  }

  attach(device: string, site: string): void {
    this.devices.set(device, site);
    this.changedDevices.add(device);
  }

  /** Of the ones named, the devices of these sites, and the sites of all of them. */
  static async load(
    client: ProjectionClient,
    devices: readonly string[],
    sites: readonly string[],
  ): Promise<Places> {
    const places = new Places();
    const found = await client.query<{ id: string; site: string }>(
      'select id, site_id as site from devices where id = any($1) or site_id = any($2)',
      [devices, sites],
    );
    for (const { id, site } of found.rows) places.devices.set(id, site);
    const known = await client.query<{ id: string; zone: string }>(
      'select id, zone from sites where id = any($1)',
      [[...places.devices.values(), ...sites]],
    );
    for (const { id, zone } of known.rows) places.sites.set(id, zone);
    return places;
  }

  async save(client: ProjectionClient): Promise<void> {
    const upsert = (
      table: string,
      column: string,
      ids: ReadonlySet<string>,
      of: Places['sites'],
    ) =>
      ids.size === 0
        ? undefined
        : client.query(
            `insert into ${table} (id, ${column}) select * from unnest($1::text[], $2::text[])
             on conflict (id) do update set ${column} = excluded.${column}`,
            [[...ids], [...ids].map((id) => of.get(id))],
          );
    await upsert('sites', 'zone', this.changedSites, this.sites);
    await upsert('devices', 'site_id', this.changedDevices, this.devices);
  }
}
