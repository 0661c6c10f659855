/** The certifications as they stand once the one that `isIt` was superseded. */
export const supersededWhere = <C extends { readonly supersededBy: string | null }>(
  isIt: (one: C) => boolean,
  by: string,
  certifications: readonly C[],
): readonly C[] => certifications.map((one) => (isIt(one) ? { ...one, supersededBy: by } : one));
