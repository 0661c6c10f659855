import type { Contract } from '#kernel/contract.js';

import { contexts } from './contexts.js';

/** Everything that is published: what the relay, the consumers, the API and the documents share. */
export const contracts: readonly Contract[] = contexts.flatMap(
  (context) => context.contracts ?? [],
);
