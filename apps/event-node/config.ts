import { isIPv4 } from 'node:net';

import { makeValidator } from 'envalid';

import {
  type CleanedEnv,
  folder,
  integer,
  oneOf,
  portNumber,
  postgresUrl,
} from '#process/config.js';
import { diskEnvironment, logEnvironment } from '#process/environment.js';

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
  ...logEnvironment,
  ...diskEnvironment,
};

export type Config = CleanedEnv<typeof eventNodeEnvironment>;
