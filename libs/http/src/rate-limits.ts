import rateLimit, { normalizeIP } from '@fastify/rate-limit';
import type { FastifyInstance, FastifyRequest } from 'fastify';

import { Refusal } from '#kernel/refusal.js';

import type { ServerLimits } from './server-limits.js';

/** Counters of requests per minute. They throw a `Refusal` (`too-many`) once a limit is exceeded. */
export interface RateLimits {
  /** Counts a request of an accepted key. */
  readonly known: (request: FastifyRequest) => Promise<void>;
  /** Counts a request without one, by its address. */
  readonly stranger: (request: FastifyRequest) => Promise<void>;
  /** Whether the address has exceeded the limit of strangers; counts nothing. */
  readonly isSuspect: (request: FastifyRequest) => Promise<boolean>;
}

const orUnlimited = (perMinute: number): number => perMinute || Number.MAX_SAFE_INTEGER;

/** Nothing is counted by itself: who decides on a request calls the counter that it belongs to. */
export const installRateLimits = async (
  server: FastifyInstance,
  { perKeyPerMinute, perAddressPerMinute }: ServerLimits,
): Promise<RateLimits> => {
  await server.register(rateLimit, { global: false, timeWindow: 60_000, cache: 10_000 });
  const byKey = server.createRateLimit({
    max: orUnlimited(perKeyPerMinute),
    keyGenerator: ({ actor, ip }) => actor?.id ?? ip,
  });
  const byAddress = server.createRateLimit({
    max: orUnlimited(perAddressPerMinute),
    keyGenerator: ({ ip }) => normalizeIP(ip),
  });
  const count = async (counter: typeof byKey, request: FastifyRequest): Promise<void> => {
    const use = await counter(request);
    if (!use.isAllowed && use.isExceeded) throw rateLimited(use.ttl);
  };
  return {
    known: (request) => count(byKey, request),
    stranger: (request) => count(byAddress, request),
    isSuspect: async (request) => {
      const use = await byAddress(request, { increment: false });
      return !use.isAllowed && use.isExceeded;
    },
  };
};

const rateLimited = (ttlMs: number) =>
  new Refusal('RATE_LIMITED', 'too-many', 'too many requests in the last minute', {
    retryAfterSeconds: Math.max(1, Math.ceil(ttlMs / 1000)),
  });
