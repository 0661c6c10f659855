import { hash } from 'node:crypto';

/** Namespace of every derived id of Voltrace. Changing it would change every id: never do. */
const namespace = Buffer.from('5f1f3c5e6f0b5a449a0e6c1f0f6f7e21', 'hex');

/** A UUID of version 5 (RFC 9562) in that namespace: by `uuid` it takes several times as long. */
const derive = (kind: string, parts: readonly string[]): string => {
  const name = JSON.stringify([kind, ...parts]);
  const bytes = Buffer.allocUnsafe(namespace.length + 3 * name.length);
  bytes.set(namespace);
  const end = namespace.length + bytes.write(name, namespace.length);
  const hex = hash('sha1', bytes.subarray(0, end), 'hex');
  const variant = ((parseInt(hex.charAt(16), 16) & 0x3) | 0x8).toString(16);
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `5${hex.slice(13, 16)}`,
    variant + hex.slice(17, 20),
    hex.slice(20, 32),
  ].join('-');
};

/** The same actor sending the same key by the same route means the same command. */
export const commandIdOf = (actorId: string, routeOrSource: string, key: string): string =>
  derive('command', [actorId, routeOrSource, key]);

/** The id of a thing that a command creates: a repeated command meets the same stream. */
export const newIdOf = (commandId: string): string => derive('thing', [commandId]);

/**
 * Holds the command's hash: the server takes an append with known ids for a repeated one, so a reused
 * command id with another content must lead to other ids, or it would be confirmed without being stored.
 */
export const eventIdOf = (
  commandId: string,
  commandHash: string,
  stream: string,
  index: number,
): string => derive('event', [commandId, commandHash, stream, String(index)]);

export const keyIdOf = (kind: string, value: string): string => derive('key', [kind, value]);

/** The id of something that its content names, such as an import of one file. */
export const contentIdOf = (kind: string, ...parts: readonly string[]): string =>
  derive(kind, parts);
