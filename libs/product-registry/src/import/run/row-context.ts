import type { CommandMeta } from '#kernel/command.js';
import type { Actor } from '#kernel/event.js';
import { commandIdOf } from '#kernel/ids.js';

import type { ProductRegistry } from '../../registry.js';

/** Who asked for a run, and when: the metadata of the event that did. */
export interface RunRequest {
  readonly actor: Actor;
  readonly occurredAt: string;
  readonly correlationId: string;
  /** Id of that event. */
  readonly causationId: string;
  readonly reason: string | undefined;
}

/** What every row of a run has in common. */
export interface RunContext {
  readonly registry: ProductRegistry;
  readonly importId: string;
  readonly run: number;
  readonly sha256: string;
  /** The file's name, where the sender gave one. */
  readonly file: string | null;
  readonly issueCodes: boolean;
  readonly request: RunRequest;
  /** Asked before anything is written for a row; rejects where the run went to another process. */
  readonly ensureHeld: () => Promise<void>;
}

/**
 * The metadata of the command that a row leads to. Whatever happens to the runner, the same row of the
 * same run is the same command; in a later run it is another one. `step` tells several of a row apart.
 */
export const rowMeta = (context: RunContext, row: number, step = ''): CommandMeta => {
  const { importId, run, sha256, file, request } = context;
  return {
    commandId: commandIdOf(importId, 'import', `${String(run)}/${String(row)}${step}`),
    actor: request.actor,
    source: 'import',
    occurredAt: request.occurredAt,
    correlationId: request.correlationId,
    causationId: request.causationId,
    reason: request.reason ?? `import of ${file ?? `file ${sha256.slice(0, 12)}`}`,
    evidence: { sha256, ...(file !== null && { file }), row },
  };
};
