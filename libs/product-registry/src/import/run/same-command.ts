import type { CommandMeta } from '#kernel/command.js';
import { contentIdOf } from '#kernel/ids.js';
import { Refusal } from '#kernel/refusal.js';

/**
 * Repeats a command under another id where its own was used for another content: a row of a resumed
 * run whose first attempt was made on other facts (its maker was merged or renamed in between). Both
 * attempts are decided on what stands, so that the second one only adds what is missing.
 */
export const againUnderAnotherId = async <T>(
  meta: CommandMeta,
  work: (meta: CommandMeta) => Promise<T>,
): Promise<T> => {
  try {
    return await work(meta);
  } catch (error) {
    if (!(error instanceof Refusal) || error.code !== 'IDEMPOTENCY_KEY_REUSED') throw error;
    return work({ ...meta, commandId: contentIdOf('command-again', meta.commandId) });
  }
};
