import type { Pool } from 'pg';

import { JobQueue } from '#jobs/job-queue.js';
import { type Job, type JobEnd, JobRunner, type JobRunnerOptions } from '#jobs/job-runner.js';

import { listKinds } from '../plan/list-kinds.js';
import { importsSchema } from '../read-model.js';
import { runImport, type RunTools } from './run-import.js';

/** The imports that are to be run, shared by the processes of the API. */
export const importQueue = (pool: Pick<Pool, 'query'>): JobQueue =>
  new JobQueue(pool, {
    name: 'product_imports.work',
    id: 'import_id',
    unfinished: `select id::uuid, kind from ${importsSchema}.imports
      where state in ('received', 'running')`,
  });

/** A request that was listed but never appended is forgotten after this long. */
const unappendedSeconds = 600;
/** How often the file of an import is looked for before the import fails. */
const fileTries = 3;

export interface ImportRunnerOptions extends JobRunnerOptions {
  /** How long an import whose file is missing is put off before it is looked for again. */
  readonly missingMs?: number;
}

/** Runs imports, of each kind one at a time: two lists that change the same products must not interleave. */
export class ImportRunner extends JobRunner {
  constructor(
    private readonly tools: RunTools,
    queue: JobQueue,
    { missingMs = 5_000, ...options }: ImportRunnerOptions = {},
  ) {
    super(queue, Object.keys(listKinds), importJob(tools, missingMs), tools.logger, options);
  }

  override start(): void {
    this.tools.files.removeLeftovers().catch((error: unknown) => {
      this.tools.logger.warn({ error }, 'leftovers of uploads could not be removed');
    });
    super.start();
  }
}

const importJob = (tools: RunTools, missingMs: number): ((job: Job) => Promise<JobEnd>) => {
  /** How often the files of imports were looked for here in vain. */
  const missing = new Map<string, number>();
  return async ({ id, owner, waitedSeconds, signal, ensureHeld }) => {
    const tries = (missing.get(id) ?? 0) + 1;
    const isLastTry = tries >= fileTries;
    const end = await runImport(tools, id, owner, signal, { ensureHeld, isLastTry });
    if (end === 'file-missing') missing.set(id, tries);
    else missing.delete(id);
    switch (end) {
      case 'done':
        return 'again';
      case 'nothing-to-do':
        return 'finished';
      case 'not-received':
        // The request was listed and is about to be appended, or its process died in between.
        return waitedSeconds > unappendedSeconds ? 'finished' : { afterMs: 1_000 };
      case 'replaced':
        tools.logger.info({ importId: id }, 'the import is run by another process');
        return { afterMs: 5_000 };
      case 'file-missing':
        tools.logger.error(
          { importId: id, tries },
          'the file of an import is not in the data folder',
        );
        return { afterMs: missingMs };
    }
  };
};
