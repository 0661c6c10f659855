/**
 * Raised when a rule of reading or normalising changes what a file means. It is part of an import's
 * id, so that the same file sent again is a new import then, and each fact's import tells its rules.
 */
export const mappingVersion = 2;
