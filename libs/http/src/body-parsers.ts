import type { FastifyInstance, FastifyRequest } from 'fastify';

import { quoteLongIntegers } from '#kernel/long-integers.js';
import { Refusal } from '#kernel/refusal.js';

import { jsonTooComplex } from './json-text.js';
import { ConfigureRoute } from './route-config.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Set by `AcceptsStream`. */
    streamed?: readonly StreamedType[];
  }
}

export const workbookType = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet';

const streamedTypes = ['text/csv', 'application/x-ndjson', workbookType] as const;
export type StreamedType = (typeof streamedTypes)[number];

/** Opens a route to bodies of these types: each is then the request's stream, not read yet and without a size limit. */
export const AcceptsStream = (...types: readonly StreamedType[]): MethodDecorator =>
  ConfigureRoute({ streamed: types });

/** `hostileText` refuses keys such as `__proto__` itself, since it can say where they are. */
const poisoning = 'ignore';

/** JSON everywhere, CSV, NDJSON and workbooks where a route asks for them, nothing else, and all of it in UTF-8. */
export const installBodyParsers = (server: FastifyInstance): void => {
  const parseJson = server.getDefaultJsonParser(poisoning, poisoning);
  const asBytes = { parseAs: 'buffer' } as const;
  server.addContentTypeParser<Buffer>('application/json', asBytes, (request, bytes, done) => {
    const text = utf8Text(bytes);
    const refusal = text === undefined ? notUtf8() : jsonTooComplex(text);
    // No body, whatever its type would have been.
    if (refusal) done(refusal);
    else if (text === '') done(null, undefined);
    else void parseJson(request, quoteLongIntegers(text ?? ''), done);
  });
  server.removeContentTypeParser('text/plain');
  for (const type of streamedTypes) {
    server.addContentTypeParser(type, (request, body, done) => {
      if (request.routeOptions.config.streamed?.includes(type)) done(null, body);
      else done(unsupported(`this route does not accept ${type}; expected application/json`));
    });
  }
};

/** Undefined for what is not UTF-8: stored with replacement characters it would be another text. */
const utf8Text = (bytes: Buffer): string | undefined => {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
};

const notUtf8 = () =>
  new Refusal('BODY_NOT_UTF8', 'invalid', 'the body holds bytes that are not UTF-8');

const unsupported = (message: string) =>
  new Refusal('MEDIA_TYPE_UNSUPPORTED', 'unsupported-media-type', message);

/** A body in an encoding that nobody decodes here is refused before it is read. */
export const assertReadableEncoding = ({ headers }: Pick<FastifyRequest, 'headers'>): void => {
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding.trim().toLowerCase() !== 'identity') {
    throw unsupported('a body with a Content-Encoding is not decoded here; send it as it is');
  }
  const [, charset] = /;\s*charset\s*=\s*"?([^";\s]*)/i.exec(headers['content-type'] ?? '') ?? [];
  if (charset !== undefined && !/^utf-?8$/i.test(charset)) {
    throw unsupported('expected a body in UTF-8');
  }
};
