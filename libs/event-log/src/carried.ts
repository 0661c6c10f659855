/**
 * How the time at which a former store recorded an event travels: no store lets anybody set `created`, so an import writes
 * the former one behind the event's metadata. Here it is written, and `WireEvent` alone reads it: whoever gets the event sees
 * the metadata and the time that it had in the former store, to the byte.
 */
const key = ',"carriedCreated":"';
const digits = 20;
const end = '"}';
/** What is added takes the place of the object's last brace. */
const addedBytes = key.length + digits + end.length;
const quote = 0x22;
const endOffset = end.length;
const digitsOffset = digits + end.length;

/** Of metadata that is no object with members, such as others write: it travels whole, as one member. */
const wrappedStart = '{"carriedMetadata":"';

/** The metadata to store for an event that a former store recorded at `ticks`, of 100 ns since 1970. */
export const carry = (metadata: Buffer, ticks: string): Buffer => {
  const added = `${key}${ticks.padStart(digits, '0')}${end}`;
  const kept = isExtensible(metadata)
    ? metadata.subarray(0, -1)
    : Buffer.from(`${wrappedStart}${metadata.toString('base64')}"`);
  return Buffer.concat([kept, Buffer.from(added)]);
};

/** What `carry` was called with; undefined where the metadata is as it was recorded. */
export const carriedIn = (
  stored: Buffer,
): { readonly metadata: Buffer; readonly ticks: string } | undefined => {
  const { length } = stored;
  // Of an event that was not carried, two bytes are looked at.
  if (length <= addedBytes || stored[length - endOffset] !== quote) return undefined;
  if (stored[length - digitsOffset - 1] !== quote) return undefined;
  const at = length - addedBytes;
  const added = stored.toString('latin1', at);
  if (!added.startsWith(key) || !/^\d+"}$/.test(added.slice(key.length))) return undefined;
  const ticks = added.slice(key.length, -end.length).replace(/^0+(?=\d)/, '');
  const kept = stored.toString('latin1', 0, wrappedStart.length);
  if (kept !== wrappedStart) {
    const metadata = Buffer.allocUnsafe(at + 1);
    stored.copy(metadata, 0, 0, at);
    metadata.write('}', at);
    return { metadata, ticks };
  }
  const base64 = stored.toString('latin1', wrappedStart.length, at - 1);
  return { metadata: Buffer.from(base64, 'base64'), ticks };
};

const isExtensible = (metadata: Buffer): boolean => {
  if (metadata.at(-1) !== '}'.charCodeAt(0)) return false;
  if (metadata.toString('latin1', 0, wrappedStart.length) === wrappedStart) return false;
  try {
    const value: unknown = JSON.parse(metadata.toString('utf8'));
    return typeof value === 'object' && value !== null && Object.keys(value).length > 0;
  } catch {
    return false;
  }
};
