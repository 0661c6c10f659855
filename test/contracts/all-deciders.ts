import { readdirSync } from 'node:fs';

import type { EventTypes } from '#event-log/codec.js';
import type { DomainEvent } from '#kernel/event.js';

const libs = new URL('../../libs/', import.meta.url);

/** The event types of every category: what each `decider.ts` of the libraries exports. */
export const allDeciders = async (): Promise<readonly EventTypes<DomainEvent>[]> => {
  const files = readdirSync(libs, { recursive: true, encoding: 'utf8' })
    .filter((file) => /^(?!kernel).*\/src\/.+\/decider\.ts$/.test(file))
    .sort();
  const modules = await Promise.all(
    files.map((file) => import(new URL(file, libs).href) as Promise<Record<string, unknown>>),
  );
  return modules.flatMap((module) => Object.values(module).filter(isDecider));
};

const isDecider = (value: unknown): value is EventTypes<DomainEvent> =>
  typeof value === 'object' && value !== null && 'category' in value && 'evolve' in value;
