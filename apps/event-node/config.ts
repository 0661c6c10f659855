import { isIPv4 } from 'node:net';
import { resolve } from 'node:path';

import { makeValidator } from 'envalid';

import {
  configOrExit,
  folder,
  integer,
  oneOf,
  portNumber,
  postgresUrl,
} from '#observability/config.js';
import { diskEnvironment, type DiskSettings } from '#observability/disk-reserve.js';

export interface Config extends DiskSettings {
  readonly databaseUrl: string;
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  /** Holds the certificates of the node and of its clients; made where there are none. */
  readonly certificates: string;
  /** Where `GET /health` is answered; nowhere when absent. */
  readonly healthPort: number | undefined;
  /** Most bytes that one append may hold: data, metadata and twice the length of the types. */
  readonly maxAppendBytes: number;
  /** Most bytes of unfinished appends that one call may hold. */
  readonly maxOpenBytes: number;
  /** Everything is answered as EventStoreDB 23.10 does, also where the node's own answer is kinder. */
  readonly asServer: boolean;
}

const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));

/** The node is for one machine: it has no users, and its certificates name this machine only. */
const loopbackHost = makeValidator<string>((host: string) => {
  if (isLoopback(host)) return host;
  throw new Error('a loopback address such as 127.0.0.1, since the node is for this machine alone');
});

const MEBIBYTE = 1024 * 1024;

/** The environment of the node; `docs/configuration.md` is generated from it. */
export const eventNodeEnvironment = {
  EVENT_NODE_DATABASE_URL: postgresUrl({
    desc: 'Postgres database of the log, and of nothing else.',
  }),
  EVENT_NODE_HOST: loopbackHost({
    default: '127.0.0.1',
    desc: 'Loopback address that the node listens on.',
  }),
  EVENT_NODE_PORT: portNumber({
    default: 2113,
    desc: 'Port that the node listens on; 0 takes a free one.',
  }),
  EVENT_NODE_CERTIFICATES: folder({
    default: '.voltrace/certificates',
    desc: 'Folder of the certificates by which the node and its clients know each other; made at the first start.',
  }),
  EVENT_NODE_HEALTH_PORT: portNumber({
    default: undefined,
    desc: 'Port of `GET /health`; not served when absent.',
  }),
  EVENT_NODE_MAX_APPEND_BYTES: integer(
    1024,
    16 * MEBIBYTE,
  )({
    default: MEBIBYTE,
    desc: 'Most bytes of one append: data, metadata and twice the length of the types.',
  }),
  EVENT_NODE_MAX_OPEN_BYTES: integer(
    MEBIBYTE,
    256 * MEBIBYTE,
  )({
    default: 64 * MEBIBYTE,
    desc: 'Most bytes of appends whose last message has not come, for each call of a client.',
  }),
  EVENT_NODE_ANSWERS: oneOf(
    'kind',
    'as-a-server',
  )({
    default: 'kind',
    desc: 'For tests of clients, `as-a-server` also answers what the node answers more kindly as EventStoreDB 23.10 does, and loses what that may lose.',
  }),
  ...diskEnvironment,
};

/** Reads the environment; says what is wrong with it and ends the process where something is. */
export const readConfig = (): Config => {
  const environment = configOrExit(eventNodeEnvironment);
  return {
    databaseUrl: environment.EVENT_NODE_DATABASE_URL,
    host: environment.EVENT_NODE_HOST,
    port: environment.EVENT_NODE_PORT,
    certificates: resolve(environment.EVENT_NODE_CERTIFICATES),
    healthPort: environment.EVENT_NODE_HEALTH_PORT,
    maxOpenBytes: environment.EVENT_NODE_MAX_OPEN_BYTES,
    maxAppendBytes: environment.EVENT_NODE_MAX_APPEND_BYTES,
    asServer: environment.EVENT_NODE_ANSWERS === 'as-a-server',
    VOLTRACE_DISK_RESERVE_BYTES: environment.VOLTRACE_DISK_RESERVE_BYTES,
    VOLTRACE_DISK_FOLDERS: environment.VOLTRACE_DISK_FOLDERS,
  };
};
