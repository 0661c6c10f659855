import { ApiProperty } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';

import type { CommandResult } from '#event-log/handle-command.js';
import { formatPosition } from '#event-log/position.js';

/** The body of the answer to every command. */
export class WriteResponse {
  @ApiProperty({ description: 'Of the thing that the command is about.' }) readonly id!: string;
  @ApiProperty({ description: 'Counts the events of the resource from 0; also in ETag.' })
  readonly revision!: number;
  @ApiProperty({ description: 'A position in the log, for ?after=.' }) readonly position!: string;
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
