import type { Linter } from 'eslint';

interface Selector {
  readonly selector: string;
  readonly message: string;
}

/** The rows of what may not be written where. */
export const syntax: readonly {
  readonly files: string;
  readonly except?: readonly string[];
  readonly forbids: Selector | readonly Selector[];
}[];
/** The blocks of the configuration. */
export const restrictions: readonly Linter.Config[];
