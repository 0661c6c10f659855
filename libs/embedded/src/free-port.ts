import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/**
 * A TCP port on 127.0.0.1 that was free a moment ago: whoever binds it must be ready for a loss.
 *
 * Below the range that systems hand out by themselves (from 32,768 on Linux, from 49,152 by IANA): a port
 * of that range may be given to an outgoing connection before it is bound, and a client that knocks
 * there while nobody listens would sooner or later be connected to itself.
 */
export async function freePort(except: readonly number[] = []): Promise<number> {
  for (;;) {
    const port = randomInt(20_000, 30_000);
    if (!except.includes(port) && !(await portProblem('127.0.0.1', port))) return port;
  }
}

/** The error code (`EADDRINUSE`, `EACCES`, `EADDRNOTAVAIL`) that binding this address meets, if any. */
export function portProblem(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}
