import type { Amount } from '../amounts.js';

/** A value that may be right and is hard to believe. */
export interface Finding {
  /** Permanent name of the rule. */
  readonly rule: string;
  /** Of the rule, when it found this. */
  readonly version: number;
  /** Names of the elements that it is about, the one to look at first. */
  readonly elements: readonly string[];
  readonly message: string;
}

/** Elements as far as the rules read them. */
export type Judged = Readonly<Record<string, Amount | null | undefined>>;

/** What a rule finds: about which elements, and what to say of them. */
export type Found = Pick<Finding, 'elements' | 'message'>;

/** One rule, which reads `F` of a product's elements. */
export interface Rule<F> {
  readonly rule: string;
  /** Raised with each change of what it finds. */
  readonly version: number;
  readonly about: string;
  readonly finds: (facts: F) => readonly Found[];
}
