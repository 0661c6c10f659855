import type { FastifyInstance } from 'fastify';

import { version } from '#observability/version.js';

const about = {
  name: 'Voltrace',
  about: 'The system of record for energy hardware',
  version,
  docs: '/docs',
  openapi: '/docs/openapi.json',
  health: '/health/ready',
};

const page = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>${about.name}</title>
</head>
<body>
<h1>${about.name} ${version}</h1>
<p>${about.about}: which products exist, who says so, since when, and why.</p>
<p><a href="${about.docs}">The documentation of this API</a> lists every route;
<a href="${about.health}">its health</a> says whether all parts work.</p>
</body>
</html>
`;

/**
 * What stands at the address that `npm start` prints: a page for browsers, JSON for anything else.
 * Open to everybody like /docs, and like it not part of the OpenAPI document, which holds what is
 * versioned.
 */
export const installFrontPage = (server: FastifyInstance): void => {
  server.get('/', { config: { access: 'public' } }, async (request, reply) => {
    const wantsPage = request.headers.accept?.includes('text/html') === true;
    return reply
      .header('content-type', `${wantsPage ? 'text/html' : 'application/json'}; charset=utf-8`)
      .header(
        'content-security-policy',
        "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
      )
      .header('vary', 'accept')
      .send(wantsPage ? page : JSON.stringify(about));
  });
};
