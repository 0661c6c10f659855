import { hash } from 'node:crypto';

import { canonicalJson } from '#kernel/canonical-json.js';
import type { Command } from '#kernel/command.js';

/** SHA-256 over the canonical JSON (RFC 8785) of what the caller asked for: type, data, reason, evidence. */
export const commandHash = ({ type, data, meta }: Command): string =>
  hash(
    'sha256',
    canonicalJson({ type, data, reason: meta.reason ?? null, evidence: meta.evidence ?? null }),
  );
