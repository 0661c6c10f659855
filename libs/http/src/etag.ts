import type { FastifyRequest } from 'fastify';

import { Refusal } from '#kernel/refusal.js';

import { isBigint } from './query-params.js';

const revisionTag = /^"(0|[1-9]\d{0,18})"$/;

/**
 * The revision that the caller's change rests on: `If-Match: "3"`.
 *
 * Undefined where there is none, and for `*` (any revision). Throws a `Refusal` (`invalid`) for
 * anything else: weak tags and lists name no single revision.
 */
export const ifMatchOf = (request: Pick<FastifyRequest, 'headers'>): bigint | undefined => {
  const header = request.headers['if-match'];
  if (header === undefined || header.trim() === '*') return undefined;
  const [, revision] = revisionTag.exec(header.trim()) ?? [];
  if (revision === undefined || !isBigint(revision)) {
    throw new Refusal('IF_MATCH_INVALID', 'invalid', 'the If-Match header is not acceptable', {
      errors: [{ pointer: 'If-Match', reason: 'expected one revision in quotes, such as "3"' }],
    });
  }
  return BigInt(revision);
};
