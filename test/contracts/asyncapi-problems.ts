import { Parser } from '@asyncapi/parser';
import rulesets from '@stoplight/spectral-rulesets';

import { lint } from './spectral.js';

/** Errors and warnings; what is less is advice. */
const serious = new Set<number>([0, 1]);

/** What the official parser has against an AsyncAPI document; nothing is fetched. Empty where nothing is wrong. */
export const asyncApiProblems = async (document: string): Promise<readonly string[]> => {
  const diagnostics = await new Parser().validate(document);
  return diagnostics
    .filter(({ severity }) => serious.has(severity))
    .map(({ path, message }) => `${path.join('/')}: ${message}`);
};

/** The project has no address of its own: SECURITY.md and CONTRIBUTING.md say how it is reached. */
const noContact = ['asyncapi-info-contact'];

/** What the rules of spectral:asyncapi have against a document, advice included. */
export const asyncApiLint = (document: string): Promise<readonly string[]> =>
  lint(rulesets.asyncapi, document, noContact);
