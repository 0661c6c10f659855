import { keyCategory } from '#event-log/key/claim-key.js';
import { keyForfeited } from '#event-log/key/forfeited.js';

import type { LoggedEvent } from '../checks.js';

/** A request with the answer that ended it. Every repeat of it had the same correlation id. */
export interface Entry {
  readonly request: string;
  readonly correlationId: string;
  readonly status: number;
  /** What an accepted change was answered with. */
  readonly id: string;
  readonly revision: number;
  readonly position: string;
  /** It may be refused after it claimed keys, since another request wanted one of them at the same time. */
  readonly mayClaim: boolean;
}

const isKeyStep = ({ stream, type }: LoggedEvent): boolean =>
  type === keyForfeited || stream.startsWith(`${keyCategory}-`);

/** Of the process that assigns codes: it carries the correlation of what it reacts to. */
const isReaction = ({ metadata }: LoggedEvent): boolean => metadata.source === 'process';

/**
 * What the log holds otherwise than the callers were answered: an accepted change that is missing, there
 * twice or at another revision, or a refused one that left events.
 */
export const ledgerFaults = (
  entries: readonly Entry[],
  log: readonly LoggedEvent[],
): readonly string[] => {
  const caused = new Map<string, LoggedEvent[]>(entries.map((entry) => [entry.correlationId, []]));
  for (const event of log) {
    if (!isReaction(event)) caused.get(event.metadata.$correlationId)?.push(event);
  }
  return entries.flatMap((entry) => {
    const events = caused.get(entry.correlationId) ?? [];
    const changes = events.filter((event) => !isKeyStep(event));
    const faults =
      entry.status < 300
        ? acceptedFaults(entry, changes)
        : refusedFaults(entry.mayClaim ? changes : events);
    return faults.map((fault) => `${entry.request}, answered ${entry.status}: ${fault}`);
  });
};

const acceptedFaults = (entry: Entry, changes: readonly LoggedEvent[]): readonly string[] => {
  const faults: string[] = [];
  const last = changes.at(-1);
  if (!last) return ['no event of it is in the log'];
  const { stream, revision, position } = last;
  if (!stream.endsWith(`-${entry.id}`)) faults.push(`it changed ${stream}, not ${entry.id}`);
  if (revision !== entry.revision || position !== entry.position) {
    faults.push(
      `${stream} was answered revision ${entry.revision} at ${entry.position}, it is ${revision} at ${position}`,
    );
  }
  const ids = new Set(changes.map(({ metadata }) => metadata.commandId));
  if (ids.size !== 1) faults.push(`${ids.size} commands of it are in the log`);
  const places = new Set(changes.map((event) => `${event.stream} ${event.type}`));
  if (places.size !== changes.length) faults.push(`it is in the log twice: ${listOf(changes)}`);
  return faults;
};

const refusedFaults = (left: readonly LoggedEvent[]): readonly string[] =>
  left.length > 0 ? [`it left ${listOf(left)}`] : [];

const listOf = (events: readonly LoggedEvent[]): string =>
  events.map(({ stream, revision, type }) => `${type} at ${stream}@${revision}`).join(', ');

/** How often a claim of one of these requests was taken from its owner by another request. */
export const forfeitedBy = (entries: readonly Entry[], log: readonly LoggedEvent[]): number => {
  const ours = new Set(entries.map(({ correlationId }) => correlationId));
  return log.filter(
    ({ type, metadata }) => type === keyForfeited && ours.has(metadata.$correlationId),
  ).length;
};
