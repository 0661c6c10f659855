import { createServer, type Server } from 'node:http';

/** Appends wait longer than usual from here on, and time out soon. */
const STALLED_MS = 3_000;

/** Whether appends are taken; a full disk says no. */
export interface Readiness {
  accepting: boolean;
  /** Why not. */
  reason?: string | undefined;
}

interface Health extends Readiness {
  /** How long Postgres has left the writer's oldest commit or lookup without an answer. */
  readonly waitingMs: number;
}

const healthOf = (readiness: Readiness, waitingMs: number): Health => {
  const health = { ...readiness, waitingMs: Math.round(waitingMs) };
  if (!readiness.accepting || waitingMs < STALLED_MS) return health;
  return { ...health, accepting: false, reason: 'Postgres does not answer the writer' };
};

/**
 * Answers `GET /health` with 200, or with 503 and the reason while appends are refused or Postgres
 * has not answered the writer for some seconds.
 */
export const serveHealth = async (
  readiness: Readiness,
  writer: { readonly waitingMs: number },
  host: string,
  port: number,
): Promise<Server> => {
  const server = createServer((request, response) => {
    if (request.method !== 'GET' || request.url !== '/health') {
      response.writeHead(404).end();
      return;
    }
    const health = healthOf(readiness, writer.waitingMs);
    response
      .writeHead(health.accepting ? 200 : 503, { 'content-type': 'application/json' })
      .end(JSON.stringify(health));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, host, resolve);
  });
  return server;
};
