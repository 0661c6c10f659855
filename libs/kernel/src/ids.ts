import { v5 } from 'uuid';

/** Namespace of every derived id of Voltrace. Changing it would change every id: never do. */
const namespace = '5f1f3c5e-6f0b-5a44-9a0e-6c1f0f6f7e21';

const derive = (kind: string, parts: readonly string[]): string =>
  v5(JSON.stringify([kind, ...parts]), namespace);

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
