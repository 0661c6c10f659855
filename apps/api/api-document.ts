import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';

import { contexts } from '#apps/contexts.js';
import { problemKinds } from '#http/problems.js';

import { completeOperations } from './document-operations.js';

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

/** The OpenAPI document of an application, with everything that all its operations share. */
export const apiDocument = (app: INestApplication): OpenAPIObject => {
  const builder = new DocumentBuilder()
    .setTitle('Voltrace')
    .setVersion('v1')
    .setDescription(description)
    .setLicense('Apache-2.0', 'https://www.apache.org/licenses/LICENSE-2.0')
    .addServer('/', 'Where this document was read.')
    .addBearerAuth({ type: 'http', scheme: 'bearer', bearerFormat: 'vt_<id>_<secret>' });
  for (const { tags = {} } of contexts) {
    for (const [name, meaning] of Object.entries(tags)) builder.addTag(name, meaning);
  }
  const document = SwaggerModule.createDocument(app, builder.build());
  document.components = {
    ...document.components,
    schemas: sorted({ ...document.components?.schemas, Problem: problemSchema }),
  };
  completeOperations(document);
  return { ...document, paths: sorted(document.paths) };
};

/** In the order of names: that of the modules is of no interest to readers. */
const sorted = <T>(members: Record<string, T>): Record<string, T> =>
  Object.fromEntries(Object.entries(members).sort(([a], [b]) => (a < b ? -1 : 1)));
