import { isIPv4 } from 'node:net';

export interface Config {
  readonly databaseUrl: string;
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  /** Most bytes that one append may hold: data, metadata and twice the length of the types. */
  readonly maxAppendBytes: number;
}

/** A setting is missing or wrong. The message names the variable and what is expected. */
export class InvalidConfiguration extends Error {
  override readonly name = 'InvalidConfiguration';
}

export const readConfig = (environment: NodeJS.ProcessEnv): Config => ({
  databaseUrl: databaseUrl(environment['EVENT_NODE_DATABASE_URL']),
  host: loopback(environment['EVENT_NODE_HOST'] ?? '127.0.0.1'),
  port: integer('EVENT_NODE_PORT', environment['EVENT_NODE_PORT'] ?? '2113', 0, 65_535),
  maxAppendBytes: integer(
    'EVENT_NODE_MAX_APPEND_BYTES',
    environment['EVENT_NODE_MAX_APPEND_BYTES'] ?? '1048576',
    1024,
    16 * 1024 * 1024,
  ),
});

const databaseUrl = (value: string | undefined): string => {
  if (value !== undefined && /^postgres(ql)?:\/\//.test(value) && URL.canParse(value)) return value;
  const given = value === undefined ? 'is not set' : 'is not a URL of that kind';
  throw new InvalidConfiguration(
    `EVENT_NODE_DATABASE_URL ${given}; expected: postgres://user:password@host:port/database`,
  );
};

/** The node has no TLS and no users, so nothing but this machine may reach it. */
const loopback = (host: string): string => {
  const isLoopback =
    host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));
  if (isLoopback) return host;
  throw new InvalidConfiguration(
    `EVENT_NODE_HOST is "${host}"; expected: a loopback address such as 127.0.0.1, since the node has no TLS and no users`,
  );
};

const integer = (name: string, text: string, min: number, max: number): number => {
  const value = /^\d+$/.test(text) ? Number(text) : NaN;
  if (value >= min && value <= max) return value;
  throw new InvalidConfiguration(
    `${name} is "${text}"; expected: an integer from ${min} to ${max}`,
  );
};
