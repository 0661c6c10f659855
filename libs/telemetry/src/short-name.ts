/** Names of devices at their site, and of formulas: what an expression can hold. */
export const shortName = /^[A-Za-z][A-Za-z0-9_]{0,99}$/;
export const shortNameExpected = 'a letter, then at most 99 letters, digits and underscores';
