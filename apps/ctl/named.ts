import type { ApiClient } from './client.js';
import { segment } from './context.js';
import { CommandFailure, exitCodes } from './exit-codes.js';

export const siteHelp = 'id or name of the site';
export const deviceHelp = 'id of the device, or site/device by name';

const id = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** The id of a site that is given by its id or its name. */
export const siteIdOf = async (api: ApiClient, site: string): Promise<string> => {
  if (id.test(site)) return site;
  return foundIn(api, '/v1/sites', { name: site }, `There is no site ${site}.`);
};

/** The id of a device that is given by its id, or as `site/device` by the names of both. */
export const deviceIdOf = async (api: ApiClient, device: string): Promise<string> => {
  const slash = device.lastIndexOf('/');
  if (slash < 0) return device;
  const siteId = await siteIdOf(api, device.slice(0, slash));
  const name = device.slice(slash + 1);
  return foundIn(api, '/v1/devices', { siteId, name }, `There is no device ${device}.`);
};

/** The time zone of a site, by its id. */
export const zoneOfSite = async (api: ApiClient, siteId: string): Promise<string> =>
  (await api.get<{ readonly timeZone: string }>(`/v1/sites/${segment(siteId)}`)).timeZone;

/** The time zone of the site where a device works now; UTC where it works nowhere. By its id. */
export const zoneOfDevice = async (api: ApiClient, device: string): Promise<string> => {
  const { siteId } = await api.get<{ readonly siteId: string | null }>(
    `/v1/devices/${segment(device)}`,
  );
  return siteId === null ? 'UTC' : zoneOfSite(api, siteId);
};

const foundIn = async (
  api: ApiClient,
  path: string,
  query: Readonly<Record<string, string>>,
  missing: string,
): Promise<string> => {
  for await (const found of api.items<{ readonly id: string }>(path, query, 1)) return found.id;
  throw new CommandFailure(missing, exitCodes.failed);
};
