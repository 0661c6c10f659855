import type { CommandMeta } from './command.js';
import { Refusal } from './refusal.js';

/** Throws the refusal `REASON_MISSING` where a command does not say why; `what` begins its sentence. */
export const requireReason = ({ reason }: Pick<CommandMeta, 'reason'>, what: string): void => {
  if (reason !== undefined && reason.trim() !== '') return;
  throw new Refusal('REASON_MISSING', 'invalid', `${what} needs a reason`, {
    errors: [{ pointer: '/reason', reason: 'expected the reason, as text' }],
  });
};
