import { createReadStream } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

import type { FastifyInstance } from 'fastify';

const assets = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));

/** The files that the page asks for, and no others. */
const contentTypes: Readonly<Record<string, string>> = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
  'favicon-32x32.png': 'image/png',
};

const page = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Voltrace API</title>
<link rel="icon" href="/docs/favicon-32x32.png">
<link rel="stylesheet" href="/docs/swagger-ui.css">
</head>
<body>
<div id="ui"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
`;
const script = `SwaggerUIBundle({ url: '/docs/openapi.json', dom_id: '#ui', deepLinking: true });\n`;

/** The page runs nothing but these scripts, and talks to nobody else. */
const contentSecurityPolicy =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; " +
  "frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/**
 * The API's documentation at /docs, open to everybody: it says what the API can do, not what it holds.
 * `document` is asked once, at the first request.
 */
export const installDocsPage = (server: FastifyInstance, document: () => object): void => {
  let json: string | undefined;
  const serve = (path: string, contentType: string, body: () => unknown): void => {
    server.get(path, { config: { access: 'public' } }, async (_request, reply) =>
      reply
        .header('content-type', contentType)
        .header('content-security-policy', contentSecurityPolicy)
        .send(body()),
    );
  };
  serve('/docs', 'text/html; charset=utf-8', () => page);
  serve('/docs/start.js', 'text/javascript; charset=utf-8', () => script);
  serve('/docs/openapi.json', 'application/json; charset=utf-8', () => {
    json ??= JSON.stringify(document());
    return json;
  });
  for (const [file, contentType] of Object.entries(contentTypes)) {
    serve(`/docs/${file}`, contentType, () => createReadStream(join(assets, file)));
  }
};
