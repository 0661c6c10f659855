import type { Actor, Evidence, Source } from './event.js';
import { contentIdOf } from './ids.js';

/** What comes with a command besides its data. The edge sets it; a decider may read it. */
export interface CommandMeta {
  /** UUIDv5 of (actor, route or source, key); see `commandIdOf`. */
  readonly commandId: string;
  readonly actor: Actor;
  readonly source: Source;
  /** ISO 8601 UTC. */
  readonly occurredAt: string;
  readonly correlationId: string;
  /** The event or command that led to this one; the command's own id where there is none. */
  readonly causationId?: string;
  readonly reason?: string;
  readonly evidence?: Evidence;
  readonly traceparent?: string;
}

/** An intent, as plain data. */
export interface Command<T extends string = string, D extends object = object> {
  readonly type: T;
  readonly data: D;
  readonly meta: CommandMeta;
}

/** What a command says, without what the edge sets; of a union of commands, the union of that. */
export type ContentOf<C extends Command> = C extends Command
  ? { readonly type: C['type']; readonly data: C['data'] }
  : never;

/**
 * The union of a category's commands, each by its name and its data:
 * `CommandOf<{ RegisterInstrument: { readonly model: string } }>`.
 */
export type CommandOf<T extends Readonly<Record<string, object>>> = {
  [Name in keyof T & string]: Command<Name, T[Name]>;
}[keyof T & string];

/** One command of several that another one leads to; the same `parts` are the same command. */
export const stepOf = (meta: CommandMeta, ...parts: readonly string[]): CommandMeta => ({
  ...meta,
  commandId: contentIdOf('command-step', meta.commandId, ...parts),
  causationId: meta.commandId,
});
