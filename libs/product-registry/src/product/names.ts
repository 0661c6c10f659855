import type { RegisteredProduct } from './decider.js';
import type { Identity } from './identity-events.js';

/** The name that the product has today. */
export const identityOf = ({ identities, registration }: RegisteredProduct): Identity =>
  identities.at(-1) ?? registration;

export const isSameName = (a: Identity, b: Identity): boolean =>
  a.manufacturerId === b.manufacturerId && a.modelKey === b.modelKey;

/** Every name under which the product is found, those of products that it answers for too. */
export const namesOf = ({ identities, absorbed }: RegisteredProduct): readonly Identity[] => [
  ...identities,
  ...absorbed.filter(({ released }) => !released).flatMap((one) => one.identities),
];

/** An id whose claim on a key was never used may have become another product since. */
export const isKnownAs = (state: RegisteredProduct, name: Identity): boolean =>
  namesOf(state).some((one) => isSameName(one, name));
