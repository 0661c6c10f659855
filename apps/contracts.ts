import type { Contract } from '#fanout/contract.js';
import { productRegistryContract } from '#product-registry/contract.js';

/** Everything that is published: the one list that the relay, the consumers, the API and the documents share. */
export const contracts: readonly Contract[] = [productRegistryContract];
