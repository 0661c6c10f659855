import type { OpenAPIObject } from '@nestjs/swagger';

import { problemKinds } from '#http/problems.js';
import type { RefusalKind } from '#kernel/refusal.js';

type Operation = NonNullable<OpenAPIObject['paths'][string]['get']>;
type Parameter = NonNullable<Operation['parameters']>[number];
type Schemas = NonNullable<OpenAPIObject['components']>['schemas'];

const methods = ['get', 'post', 'put', 'patch', 'delete'] as const;

/** Adds what follows from the shape of each operation: how it is refused, and which headers it takes. */
export const completeOperations = (document: OpenAPIObject): void => {
  const components = (document.components ??= {});
  components.parameters = { ...components.parameters, ...commandHeaders };
  for (const path of Object.values(document.paths)) {
    for (const method of methods) {
      const operation = path[method];
      if (operation) complete(operation, method === 'get', components.schemas);
    }
  }
  const used = JSON.stringify(document.paths);
  const responses = Object.entries(problemResponses).filter(([kind]) =>
    used.includes(`"#/components/responses/${kind}"`),
  );
  components.responses = { ...components.responses, ...Object.fromEntries(responses) };
};

const complete = (operation: Operation, reads: boolean, schemas: Schemas): void => {
  operation.security ??= [];
  if (!reads && !isRepeatedByContent(operation)) {
    const headers = Object.keys(commandHeaders).map((name) => ({
      $ref: `#/components/parameters/${name}`,
    }));
    operation.parameters = [...(operation.parameters ?? []), ...headers];
  }
  for (const kind of refusalsOf(operation, reads)) {
    const status = String(problemKinds[kind].status);
    const declared = operation.responses[status];
    if (!declared) operation.responses[status] = { $ref: `#/components/responses/${kind}` };
    else if (!('$ref' in declared)) declared.content ??= problemContent;
  }
  operation.responses.default = { $ref: '#/components/responses/bug' };
  if (operation.requestBody && !('$ref' in operation.requestBody)) {
    for (const content of Object.values(operation.requestBody.content)) {
      content.example ??= exampleOf(content.schema, schemas);
      const { properties, required = [] } = resolved(content.schema, schemas) ?? {};
      // No body is one without fields.
      if (properties && required.length === 0) operation.requestBody.required = false;
    }
  }
};

/** What came before is known by what it holds, and not by a key or a revision. */
const isRepeatedByContent = (operation: Operation): boolean => 'x-repeats-by-content' in operation;

/** Every kind that a request of this shape can be refused with. */
const refusalsOf = (operation: Operation, reads: boolean): readonly RefusalKind[] => {
  const inPath = (parameter: Parameter) => 'in' in parameter && parameter.in === 'path';
  return [
    'invalid',
    ...(operation.security?.length ? (['unauthenticated', 'forbidden'] as const) : []),
    ...(operation.parameters?.some(inPath) === true ? (['not-found'] as const) : []),
    ...(reads ? [] : (['conflict', 'unprocessable'] as const)),
    ...(reads || isRepeatedByContent(operation) ? [] : (['stale'] as const)),
    ...(operation.requestBody ? (['too-large', 'unsupported-media-type'] as const) : []),
    'too-many',
    'unavailable',
  ];
};

const problemContent = {
  'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } },
};

/** One response per kind of problem, under the kind's name. */
const problemResponses = Object.fromEntries(
  Object.entries(problemKinds).map(([kind, { title }]) => [
    kind,
    { description: `${title}.`, content: problemContent },
  ]),
);

const commandHeaders = {
  'idempotency-key': {
    name: 'Idempotency-Key',
    in: 'header' as const,
    description:
      'Names the request: sent again with the same key it is carried out once and answered alike. One is made, and returned, where it is absent.',
    schema: { type: 'string', pattern: '^[!-~]{1,255}$' },
  },
  'if-match': {
    name: 'If-Match',
    in: 'header' as const,
    description: 'The revision that the change rests on, such as `"3"`; 412 where it is another.',
    schema: { type: 'string' },
  },
};

/** A body made of the examples of its members: what is documented can be sent as it stands. */
const exampleOf = (schema: unknown, schemas: Schemas): unknown => {
  const found = resolved(schema, schemas);
  if (found?.example !== undefined) return found.example;
  // A reference that says something of its own stands in a list of one.
  if (found?.allOf?.length === 1) return exampleOf(found.allOf[0], schemas);
  if (found?.items !== undefined) {
    const item = exampleOf(found.items, schemas);
    return item === undefined ? undefined : [item];
  }
  if (found?.properties === undefined) return undefined;
  const members = Object.entries(found.properties).flatMap(([name, member]) => {
    const example = exampleOf(member, schemas);
    return example === undefined ? [] : [[name, example] as const];
  });
  return members.length === 0 ? undefined : Object.fromEntries(members);
};

interface Exemplified {
  readonly example?: unknown;
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly required?: readonly string[];
  readonly allOf?: readonly unknown[];
  readonly items?: unknown;
}

const resolved = (schema: unknown, schemas: Schemas): Exemplified | undefined => {
  if (typeof schema !== 'object' || schema === null) return undefined;
  if (!('$ref' in schema)) return schema;
  const name = String(schema.$ref).slice('#/components/schemas/'.length);
  return schemas?.[name] as Exemplified | undefined;
};
