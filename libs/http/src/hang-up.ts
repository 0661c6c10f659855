import type { FastifyReply } from 'fastify';

/** What Node says where the other end of a request went away in its midst. */
const hangUpCodes = new Set(['ERR_STREAM_PREMATURE_CLOSE', 'EPIPE']);

/**
 * Whether an error says that the caller hung up. It has the code of a lost connection to a store, but
 * comes from the request itself: Node's own message distinguishes them.
 */
export const isHangUp = (error: unknown, request: { readonly destroyed: boolean }): boolean => {
  if (!request.destroyed || typeof error !== 'object' || error === null) return false;
  const { code, message } = error as { readonly code?: unknown; readonly message?: unknown };
  if (code === 'ECONNRESET') return message === 'aborted';
  return typeof code === 'string' && hangUpCodes.has(code);
};

/** Aborts when the caller closes the connection before the whole answer is out. */
export const hangUpOf = ({ raw }: FastifyReply): AbortSignal => {
  const gone = new AbortController();
  raw.once('close', () => {
    if (!raw.writableFinished) gone.abort(hungUp());
  });
  return gone.signal;
};

const hungUp = () => Object.assign(new Error('the caller hung up'), { code: 'EPIPE' });
