import { Parser } from '@asyncapi/parser';

/** Errors and warnings; what is less is advice. */
const serious = new Set<number>([0, 1]);

/**
 * What the official parser has against an AsyncAPI document; nothing is fetched. It does not look
 * into payloads of a format that it does not know: `schemaCheck` does. Empty where nothing is wrong.
 */
export const asyncApiProblems = async (document: string): Promise<readonly string[]> => {
  const diagnostics = await new Parser().validate(document);
  return diagnostics
    .filter(({ severity }) => serious.has(severity))
    .map(({ path, message }) => `${path.join('/')}: ${message}`);
};
