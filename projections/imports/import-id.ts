import { importStream } from '#product-registry/import/events.js';

const prefix = importStream('');

/** Undefined where the stream is none of an import. */
export const importIdOf = (stream: string): string | undefined =>
  stream.startsWith(prefix) ? stream.slice(prefix.length) : undefined;
