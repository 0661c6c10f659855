import { MAX_REVISION } from './event.js';

/** What a stream's `$metadata` says about which of its events are still shown. */
export interface StreamMetadata {
  /** The document as written, custom keys and `$acl` included. */
  readonly raw: Readonly<Record<string, unknown>>;
  /** `$tb`: events before this revision are hidden. The largest revision means "deleted". */
  readonly truncateBefore?: bigint;
  /** `$maxCount`: how many of the last events are shown. */
  readonly maxCount?: bigint;
  /** `$maxAge` in seconds. */
  readonly maxAgeSeconds?: number;
}

export const noMetadata: StreamMetadata = { raw: {} };

/** Reads a `$metadata` event. A malformed document counts as an empty one. */
export const parseMetadata = (data: Uint8Array): StreamMetadata => {
  const raw = parseObject(data);
  if (raw === undefined) return noMetadata;
  const truncateBefore = wholeNumber(raw['$tb'], 0);
  const maxCount = wholeNumber(raw['$maxCount'], 1);
  const maxAge = wholeNumber(raw['$maxAge'], 1);
  if (truncateBefore === null || maxCount === null || maxAge === null) return noMetadata;
  return {
    raw,
    ...(truncateBefore !== undefined && { truncateBefore }),
    ...(maxCount !== undefined && { maxCount }),
    ...(maxAge !== undefined && { maxAgeSeconds: Number(maxAge) }),
  };
};

/** The same document with another `$tb`. */
export const withTruncateBefore = (metadata: StreamMetadata, revision: bigint): Buffer => {
  const { $tb: _replaced, ...rest } = metadata.raw;
  const others = JSON.stringify(rest).slice(1, -1);
  const tb = `"$tb":${revision.toString()}`;
  return Buffer.from(others === '' ? `{${tb}}` : `{${tb},${others}}`);
};

/** `$metadata` of a soft delete: the old document is replaced, not extended. */
export const deletedMetadata = (): Buffer => withTruncateBefore(noMetadata, MAX_REVISION);

export const isSoftDeleted = (metadata: StreamMetadata): boolean =>
  metadata.truncateBefore === MAX_REVISION;

/** The first revision that a reader of a stream ending at `last` may see, its age aside. */
export const firstVisible = (metadata: StreamMetadata, last: bigint): bigint => {
  const byCount = metadata.maxCount === undefined ? 0n : last - metadata.maxCount + 1n;
  const byTruncation = metadata.truncateBefore ?? 0n;
  const first = byCount > byTruncation ? byCount : byTruncation;
  return first < 0n ? 0n : first;
};

const parseObject = (data: Uint8Array): Record<string, unknown> | undefined => {
  try {
    const value: unknown = JSON.parse(Buffer.from(data).toString('utf8'));
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
};

/** Undefined when absent, null when it is not a whole number from `least` on. */
const wholeNumber = (value: unknown, least: number): bigint | null | undefined => {
  if (value === undefined) return undefined;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < least) return null;
  // JSON numbers lose the last digits of the largest revision.
  return value >= Number(MAX_REVISION) ? MAX_REVISION : BigInt(value);
};
