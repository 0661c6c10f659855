import type { RowOutcome } from '../events.js';

/** What can be decided in review, item by item or all of a kind at once. */
export const decidableKinds = ['rename', 'transfer', 'conflict', 'gone'] as const;
export type DecidableKind = (typeof decidableKinds)[number];

/** `other`: the list or the registry has to be corrected first, or somebody leaves it as it is: rejects it by name. */
export const reviewKinds = [...decidableKinds, 'other'] as const;
export type ReviewKind = (typeof reviewKinds)[number];

/** What of a row waits for a person; undefined where nothing does. */
export const reviewKindOf = ({
  outcome,
  productId,
  about,
  proposal,
  conflicts = [],
}: RowOutcome): Exclude<ReviewKind, 'gone'> | undefined => {
  if (outcome !== 'needsReview') return undefined;
  if (productId === undefined) return 'other';
  if (proposal && about) return proposal.kind;
  return conflicts.length > 0 ? 'conflict' : 'other';
};
