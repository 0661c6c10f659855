/** What the files of a pattern may import. Patterns as of a shell: `*`, `**` and `{one,other}`. */
export interface Rule {
  /** A sentence that says what holds. */
  readonly name: string;
  readonly from: readonly string[];
  readonly except?: readonly string[];
  /** Nothing else may be imported. */
  readonly only?: readonly string[];
  readonly not?: readonly string[];
  /** Exceptions from `only` and `not`. */
  readonly allow?: readonly string[];
  /** The file's own library, app or projection is an exception, too. */
  readonly own?: true;
  /** Not to be reached over imports of imports either. Types do not count. */
  readonly reaches?: readonly string[];
  /** Files that may be reached whatever they import. */
  readonly through?: readonly string[];
  /** An import of types alone is allowed. */
  readonly typesAllowed?: true;
}

/** One import of a file. */
export interface Import {
  /** Paths in this repository: `libs/kernel/src/event.ts`. */
  readonly from: string;
  /** The same, or the name of a package: `node:fs`. */
  readonly to: string;
  /** Whether only types are taken: nothing of it is left when the code runs. */
  readonly typesOnly: boolean;
}

export const rules: readonly Rule[];
/** By the name of a rule: what breaks it today, as `file -> import`, and why. */
export const known: Readonly<Record<string, readonly (readonly [found: string, reason: string])[]>>;
export const isKnown: (rule: Rule, found: Pick<Import, 'from' | 'to'>) => boolean;
/** Patterns of what is not run in production. */
export const testCode: readonly string[];
/** Pattern of the files that decide and fold. */
export const pure: string;
export const matches: (path: string, patterns: readonly string[]) => boolean;
export const folderOf: (path: string) => string;
export const resolveImport: (specifier: string, from: string) => string;
export const concerns: (rule: Rule, path: string) => boolean;
export const forbids: (rule: Rule, found: Import) => boolean;
