import { productRegistryContract } from '#product-registry/context.js';

import { kindOf } from './activity.js';

const published = productRegistryContract.categories
  .flatMap(({ messages }) => Object.values(messages))
  .flatMap((message) => (message === 'private' ? [] : [message.name]));

/** Every kind of change that is counted: one per published type. */
export const activityKinds: readonly string[] = [
  ...new Set(published.flatMap((type) => kindOf(type) ?? [])),
].sort();
