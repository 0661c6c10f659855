import { readFileSync } from 'node:fs';

/** An operation of the OpenAPI document, as far as a request can be made of it. */
export interface Operation {
  readonly method: string;
  /** With `{names}` of parameters. */
  readonly path: string;
  /** Names of the parameters in the query. */
  readonly query: readonly string[];
  /** Content type and example of the body, where it takes one. */
  readonly body?: { readonly type: string; readonly example: unknown };
  /** The documented statuses of success. */
  readonly successes: ReadonlySet<number>;
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, DocumentedOperation>>>>;
}

interface DocumentedOperation {
  readonly parameters?: readonly { readonly name?: string; readonly in?: string }[];
  readonly requestBody?: {
    readonly content: Readonly<
      Record<
        string,
        { readonly example?: unknown; readonly schema?: { readonly example?: unknown } }
      >
    >;
  };
  readonly responses: Readonly<Record<string, unknown>>;
}

/** Every operation of an OpenAPI document. */
export const operationsOf = (document: Document): readonly Operation[] =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => {
      const [content] = Object.entries(operation.requestBody?.content ?? {});
      return {
        method: method.toUpperCase(),
        path,
        query: (operation.parameters ?? []).flatMap((each) =>
          each.in === 'query' && each.name !== undefined ? [each.name] : [],
        ),
        ...(content && {
          body: { type: content[0], example: content[1].example ?? content[1].schema?.example },
        }),
        successes: new Set(Object.keys(operation.responses).map(Number)),
      };
    }),
  );

export const readOperations = (file: string): readonly Operation[] =>
  operationsOf(JSON.parse(readFileSync(file, 'utf8')) as Document);

/** The codes that the documents name, each with the statuses that it may come with. */
export const readCodes = (file: string): ReadonlyMap<string, ReadonlySet<number>> => {
  const codes = new Map<string, Set<number>>([['INTERNAL', new Set([500])]]);
  for (const [, code, status] of readFileSync(file, 'utf8').matchAll(
    /^\| `(\w+)` \| [\w-]+ \| (\d+) \|/gm,
  )) {
    if (code !== undefined) codes.set(code, (codes.get(code) ?? new Set()).add(Number(status)));
  }
  return codes;
};
