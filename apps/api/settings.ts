import { str } from 'envalid';

import { defaultMaxRows } from '#csv/csv-file.js';
import { kafkaBrokers, kafkaEnvironment, type KafkaSettings } from '#fanout/kafka.js';
import { proxiesIn } from '#http/connections.js';
import { defaultLimits, type ServerLimits } from '#http/server-limits.js';
import { defaultUnusedLimits, type UnusedLimits } from '#jobs/unused-files.js';
import { check, type CleanedEnv, folder, hostName, integer, portNumber } from '#process/config.js';
import { diskEnvironment, logEnvironment, storesEnvironment } from '#process/environment.js';

import { defaultLiveFeeds } from './live-feeds.js';

/** The environment of the API; `docs/configuration.md` is generated from it. */
export const apiEnvironment = {
  HOST: hostName({ default: '127.0.0.1', desc: 'Address that the API listens on.' }),
  PORT: portNumber({ default: 8080, desc: 'Port that the API listens on; 0 takes a free one.' }),
  ...storesEnvironment,
  VOLTRACE_DATA_DIR: folder({
    default: '.voltrace',
    desc: 'Folder for evidence files and spooled uploads.',
  }),
  KAFKA_BROKERS: kafkaBrokers({
    default: undefined,
    desc: 'Brokers of the Kafka cluster that facts are published to, to list and verify its topics.',
  }),
  ...kafkaEnvironment,
  ...diskEnvironment,
  ADMIN_KEY_FILE: str({
    default: undefined,
    desc: 'Where a first admin key is written (mode 600) if the file is not there.',
  }),
  ...logEnvironment,
  DATABASE_POOL_SIZE: integer(1, 1000)({ default: 10, desc: 'Connections to Postgres at most.' }),
  REQUEST_TIMEOUT_SECONDS: integer(
    5,
    86_400,
  )({
    default: defaultLimits.requestTimeoutMs / 1000,
    desc: 'What a whole request with its body may take to arrive.',
  }),
  HEADERS_TIMEOUT_SECONDS: integer(
    1,
    600,
  )({
    default: defaultLimits.headersTimeoutMs / 1000,
    desc: 'What the headers of a request may take to arrive, counted from its connection or the last answer.',
  }),
  KEEP_ALIVE_SECONDS: integer(
    1,
    3_600,
  )({
    default: defaultLimits.keepAliveTimeoutMs / 1000,
    desc: 'How long a connection may lie idle between two requests; more than at a proxy in front.',
  }),
  REFUSED_BODY_SECONDS: integer(
    1,
    600,
  )({
    default: defaultLimits.refusedBodyMs / 1000,
    desc: 'How long the body of a refused request may still arrive before its connection is cut.',
  }),
  DRAIN_SECONDS: integer(
    0,
    600,
  )({
    default: 5,
    desc: 'How long requests are still served after the process was asked to stop and readiness is red; not at all where nobody asked for readiness within half a minute before.',
  }),
  TRUST_PROXY: check(
    'addresses and CIDR ranges separated by commas, such as 10.0.0.0/8, or loopback',
    (input) => proxiesIn(input) !== undefined,
  )({
    default: undefined,
    desc: 'Proxies in front whose X-Forwarded-For is believed; otherwise all of their callers are one address.',
  }),
  MAX_CONNECTIONS: integer(
    10,
    1_000_000,
  )({ default: defaultLimits.maxConnections, desc: 'Open connections in all.' }),
  MAX_CONNECTIONS_PER_ADDRESS: integer(
    1,
    1_000_000,
  )({
    default: defaultLimits.maxConnectionsPerAddress,
    desc: 'Open connections of one address that is not in TRUST_PROXY.',
  }),
  MAX_LIVE_FEEDS: integer(
    0,
    100_000,
  )({ default: defaultLiveFeeds.inAll, desc: 'Live feeds of events in all.' }),
  MAX_LIVE_FEEDS_PER_KEY: integer(
    0,
    100_000,
  )({ default: defaultLiveFeeds.perKey, desc: 'Live feeds of events of one API key.' }),
  IMPORT_MAX_ROWS: integer(
    1,
    100_000_000,
  )({
    default: defaultMaxRows,
    desc: 'Data rows of an imported list at most; each has an outcome that is kept.',
  }),
  UNUSED_FILE_HOURS: integer(
    1,
    87_600,
  )({
    default: defaultUnusedLimits.maxAgeMs / 3_600_000,
    desc: 'How long a file of a cycler is kept that no import has named.',
  }),
  UNUSED_FILES_MEBIBYTES: integer(
    1,
    1_000_000_000,
  )({
    default: defaultUnusedLimits.maxBytes / 1_048_576,
    desc: 'What files of cyclers may take in all that no import has named; more are refused.',
  }),
  RATE_LIMIT_PER_KEY: integer(
    0,
    100_000_000,
  )({
    default: defaultLimits.perKeyPerMinute,
    desc: 'Requests per minute of one API key; 0 for no limit.',
  }),
  RATE_LIMIT_PER_ADDRESS: integer(
    0,
    100_000_000,
  )({
    default: defaultLimits.perAddressPerMinute,
    desc: 'Requests per minute of one address without an accepted key; 0 for no limit.',
  }),
};

export type ApiSettings = CleanedEnv<typeof apiEnvironment>;

/** The limits of the server, in its own units. */
export const limitsOf = (settings: ApiSettings): ServerLimits => ({
  requestTimeoutMs: settings.REQUEST_TIMEOUT_SECONDS * 1000,
  headersTimeoutMs: settings.HEADERS_TIMEOUT_SECONDS * 1000,
  keepAliveTimeoutMs: settings.KEEP_ALIVE_SECONDS * 1000,
  refusedBodyMs: settings.REFUSED_BODY_SECONDS * 1000,
  heartbeatMs: defaultLimits.heartbeatMs,
  perKeyPerMinute: settings.RATE_LIMIT_PER_KEY,
  perAddressPerMinute: settings.RATE_LIMIT_PER_ADDRESS,
  maxConnections: settings.MAX_CONNECTIONS,
  maxConnectionsPerAddress: settings.MAX_CONNECTIONS_PER_ADDRESS,
  trustedProxies: proxiesIn(settings.TRUST_PROXY ?? '') ?? [],
});

export const unusedLimitsOf = (
  settings: Pick<ApiSettings, 'UNUSED_FILE_HOURS' | 'UNUSED_FILES_MEBIBYTES'>,
): UnusedLimits => ({
  maxAgeMs: settings.UNUSED_FILE_HOURS * 3_600_000,
  maxBytes: settings.UNUSED_FILES_MEBIBYTES * 1_048_576,
});

/** Undefined where no brokers are named. */
export const kafkaSettingsOf = ({
  KAFKA_BROKERS: brokers,
  ...rest
}: Pick<ApiSettings, keyof KafkaSettings>): KafkaSettings | undefined =>
  brokers === undefined ? undefined : { ...rest, KAFKA_BROKERS: brokers };
