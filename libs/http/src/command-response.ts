import type { FastifyReply } from 'fastify';

import type { CommandResult } from '#event-log/handle-command.js';
import { formatPosition } from '#event-log/position.js';

/** The body of every write. `revision` counts the resource's events from 0; `position` is a place in the log. */
export interface WriteResponse {
  readonly id: string;
  readonly revision: number;
  readonly position: string;
}

/**
 * Answers a command: the body, with `ETag` for the next `If-Match` and `Command-Outcome`
 * (accepted, unchanged, repeated) in the headers. A stream without events has no ETag.
 */
export const commandResponse = (
  reply: FastifyReply,
  id: string,
  { outcome, revision, position }: Pick<CommandResult, 'outcome' | 'revision' | 'position'>,
): WriteResponse => {
  reply.header('command-outcome', outcome);
  if (revision >= 0n) reply.header('etag', `"${String(revision)}"`);
  return {
    id,
    revision: Number(revision),
    position: position === undefined ? '0' : formatPosition(position),
  };
};
