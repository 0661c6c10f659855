import { downKinds, downTopic, Topics } from '#device-link/topics.js';
import type { Queryable } from '#resource/sql.js';

import { devicesSchema } from './devices.projection.js';

/** What a broker is configured with, as Mosquitto 2 reads it. */
export interface BrokerFiles {
  readonly passwords: string;
  readonly acl: string;
}

export interface BrokerFilesOptions {
  /** User name of the bridge; it has no entry unless given. Nobody here knows its password. */
  readonly bridge?: string;
  /** Prefix of the older topics; devices and bridge have none of them unless given. */
  readonly olderPrefix?: string;
}

interface Live {
  readonly credential: string;
  readonly device: string;
  readonly verifier: string;
}

/**
 * Who may connect, and with which topics. A user of Mosquitto has one password: the name of the device goes
 * with its newest credential, and each credential is a user by its own id, so that an older one lives on.
 */
export const brokerFiles = async (
  pool: Queryable,
  { bridge, olderPrefix }: BrokerFilesOptions,
): Promise<BrokerFiles> => {
  const { rows } = await pool.query<Live>(
    `select c.id as credential, c.device_id as device, c.verifier
     from ${devicesSchema}.credentials c join ${devicesSchema}.devices d on d.id = c.device_id
     where c.revoked_at is null and d.retired_at is null
     order by c.device_id, c.issued_position`,
  );
  const newest = new Map(rows.map(({ device, verifier }) => [device, { device, verifier }]));
  const users = [
    ...rows.map(({ credential, ...live }) => ({ user: credential, ...live })),
    ...[...newest.values()].map((live) => ({ user: live.device, ...live })),
  ];
  const topics = new Topics(olderPrefix);
  const ofDevices = users.map(({ user, device }) =>
    aclOf(user, topics.filtersOf(device), downTopicsOf(device)),
  );
  const ofBridge =
    bridge === undefined ? [] : [aclOf(bridge, downTopicsOf('+'), topics.filters().flat())];
  return {
    passwords: lines(users.map(({ user, verifier }) => `${user}:${verifier}`)),
    acl: lines([...ofBridge, ...ofDevices]),
  };
};

const downTopicsOf = (device: string): readonly string[] =>
  downKinds.map((kind) => downTopic(device, kind));

const aclOf = (user: string, written: readonly string[], read: readonly string[]): string =>
  [
    `user ${user}\n`,
    ...written.map((topic) => `topic write ${topic}\n`),
    ...read.map((topic) => `topic read ${topic}\n`),
  ].join('');

const lines = (texts: readonly string[]): string => texts.map((text) => `${text}\n`).join('');
