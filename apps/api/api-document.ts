import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';

import { problemKinds } from '#http/problems.js';

const kinds = Object.entries(problemKinds)
  .map(([kind, { status, title }]) => `| ${String(status)} | ${kind} | ${title} |`)
  .join('\n');

const description = `Every change is a command; every accepted command appends events.

Writes answer \`{id, revision, position}\` and take \`Idempotency-Key\` and \`If-Match\`. Queries take \`?after=<position>\` to read
a write of one's own. Errors are \`application/problem+json\` (RFC 9457) with a stable \`code\`:

| status | kind | title |
|---|---|---|
${kinds}`;

const text = { type: 'string' };
const problemSchema = {
  type: 'object',
  required: ['type', 'title', 'status', 'detail', 'instance', 'code', 'trace_id'],
  properties: {
    type: { ...text, example: 'urn:problem:query-invalid' },
    title: text,
    status: { type: 'integer', example: 400 },
    detail: text,
    instance: { ...text, example: 'urn:request:5f0c2f7e-5b0e-4b0c-9a51-3f6d8e1f7a11' },
    code: { ...text, example: 'QUERY_INVALID' },
    errors: {
      type: 'array',
      items: {
        type: 'object',
        required: ['pointer', 'reason'],
        properties: { pointer: text, reason: text },
      },
    },
    current_revision: { type: 'integer' },
    trace_id: text,
  },
};

type Operation = NonNullable<OpenAPIObject['paths'][string]['get']>;

const methods = ['get', 'post', 'put', 'patch', 'delete'] as const;

/** The OpenAPI document of an application, with the problem document as every operation's other answer. */
export const apiDocument = (app: INestApplication): OpenAPIObject => {
  const config = new DocumentBuilder()
    .setTitle('Voltrace')
    .setVersion('v1')
    .setDescription(description)
    .setLicense('Apache-2.0', 'https://www.apache.org/licenses/LICENSE-2.0')
    .addBearerAuth({ type: 'http', scheme: 'bearer', bearerFormat: 'vt_<id>_<secret>' })
    .build();
  const document = SwaggerModule.createDocument(app, config);
  document.components = {
    ...document.components,
    schemas: { ...document.components?.schemas, Problem: problemSchema },
  };
  const problem = { $ref: '#/components/schemas/Problem' };
  for (const operation of operationsOf(document)) {
    operation.responses.default = {
      description: 'A problem document.',
      content: { 'application/problem+json': { schema: problem } },
    };
  }
  return document;
};

const operationsOf = (document: OpenAPIObject): Operation[] =>
  Object.values(document.paths).flatMap((path) => methods.flatMap((method) => path[method] ?? []));
