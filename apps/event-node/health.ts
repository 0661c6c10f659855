import { createServer, type Server } from 'node:http';

/** Whether appends are taken; a full disk says no. */
export interface Readiness {
  accepting: boolean;
  /** Why not. */
  reason?: string | undefined;
}

/** Answers `GET /health` with 200, or with 503 and the reason while appends are refused. */
export const serveHealth = async (
  readiness: Readiness,
  host: string,
  port: number,
): Promise<Server> => {
  const server = createServer((request, response) => {
    if (request.method !== 'GET' || request.url !== '/health') {
      response.writeHead(404).end();
      return;
    }
    response
      .writeHead(readiness.accepting ? 200 : 503, { 'content-type': 'application/json' })
      .end(JSON.stringify(readiness));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, host, resolve);
  });
  return server;
};
