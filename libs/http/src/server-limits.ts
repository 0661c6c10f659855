/** What the server bears. The defaults fit a machine with two cores and 1 GiB for this process. */
export interface ServerLimits {
  /** For a whole request with its body to arrive, in milliseconds. */
  readonly requestTimeoutMs: number;
  /** For the headers of a request to arrive, in milliseconds. */
  readonly headersTimeoutMs: number;
  /** How long a connection may lie idle between two requests, in milliseconds. */
  readonly keepAliveTimeoutMs: number;
  /** How long the body of a refused request may still arrive before its connection is cut, in milliseconds. */
  readonly refusedBodyMs: number;
  /** How often whoever waits for a slow answer is informed that it is being made, in milliseconds. */
  readonly heartbeatMs: number;
  /** Requests per minute of one caller who is known by its key; 0 for no limit. */
  readonly perKeyPerMinute: number;
  /** Requests per minute of one address without an accepted key; 0 for no limit. */
  readonly perAddressPerMinute: number;
  /** Open connections in all. */
  readonly maxConnections: number;
  /** Open connections of one address that is not a trusted proxy. */
  readonly maxConnectionsPerAddress: number;
  /** Addresses and CIDR ranges of proxies whose `X-Forwarded-For` is believed. */
  readonly trustedProxies: readonly string[];
}

export const defaultLimits: ServerLimits = {
  requestTimeoutMs: 300_000,
  headersTimeoutMs: 10_000,
  keepAliveTimeoutMs: 72_000,
  refusedBodyMs: 5_000,
  heartbeatMs: 15_000,
  perKeyPerMinute: 600_000,
  perAddressPerMinute: 6_000,
  maxConnections: 1_000,
  maxConnectionsPerAddress: 200,
  trustedProxies: [],
};
