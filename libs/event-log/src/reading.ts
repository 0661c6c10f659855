import { keyForfeited } from './key/forfeited.js';

/**
 * What libraries store in streams of any category, for their own bookkeeping: a category does not
 * list these types, and nobody who follows it may be stopped by one.
 */
export const libraryTypes: ReadonlySet<string> = new Set([keyForfeited]);
