import { createHash } from 'node:crypto';

import { canonicalJson } from '#kernel/canonical-json.js';
import { Refusal } from '#kernel/refusal.js';

export type Configuration = Readonly<Record<string, unknown>>;

const maxBytes = 65_536;
const maxDepth = 16;

/**
 * The hash that a configuration is compared by: SHA-256 of its canonical JSON (RFC 8785), in hexadecimal.
 * Throws `CONFIGURATION_TOO_LARGE` for what is deeper or longer than a device is given.
 */
export const configurationHash = (configuration: Configuration): string => {
  const canonical = isDeeper(configuration, maxDepth) ? undefined : canonicalJson(configuration);
  if (canonical === undefined || Buffer.byteLength(canonical) > maxBytes) throw tooLarge();
  return createHash('sha256').update(canonical).digest('hex');
};

const isDeeper = (value: unknown, levels: number): boolean =>
  typeof value === 'object' &&
  value !== null &&
  (levels === 0 || Object.values(value).some((member) => isDeeper(member, levels - 1)));

const tooLarge = () =>
  new Refusal('CONFIGURATION_TOO_LARGE', 'too-large', 'the configuration is too large', {
    errors: [
      {
        pointer: '/configuration',
        reason: `expected at most ${String(maxBytes)} bytes in ${String(maxDepth)} levels`,
      },
    ],
  });
