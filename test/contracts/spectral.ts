import spectral, { type RulesetDefinition } from '@stoplight/spectral-core';
import parsers from '@stoplight/spectral-parsers';

/** What a ruleset of Spectral has against a document, hints included; empty where nothing. `off`: rules left out. */
export const lint = async (
  ruleset: object,
  document: string,
  off: readonly string[] = [],
): Promise<readonly string[]> => {
  const linter = new spectral.Spectral();
  const rules = Object.fromEntries(off.map((rule) => [rule, 'off']));
  // The packages of Spectral do not agree on their types; the linter checks what it is given.
  linter.setRuleset({ extends: [ruleset], rules } as unknown as RulesetDefinition);
  // YAML holds JSON.
  const parser = parsers.Yaml as unknown as ConstructorParameters<typeof spectral.Document>[1];
  const results = await linter.run(new spectral.Document(document, parser));
  return results.map(
    ({ code, message, path }) => `${String(code)}: ${message} at ${path.join('/')}`,
  );
};
