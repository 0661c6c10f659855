import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';

const candidate = (): number => randomInt(20_000, 30_000);

/**
 * A TCP port on 127.0.0.1 that was free a moment ago, and that nobody else is given by this function
 * while the current process lives. Another program may still take it: whoever binds it must be ready for that.
 *
 * Below the range that systems hand out by themselves (from 32,768 on Linux, from 49,152 by IANA): a port
 * of that range may be given to an outgoing connection before it is bound, and a client that knocks
 * there while nobody listens would sooner or later be connected to itself. `choose` proposes one.
 */
export async function freePort(
  except: readonly number[] = [],
  choose: () => number = candidate,
): Promise<number> {
  for (;;) {
    const port = choose();
    if (except.includes(port) || (await portProblem('127.0.0.1', port))) continue;
    if (await reserved(port)) return port;
  }
}

/**
 * Seconds may pass between the choice of a port and its use, and between the end of a server and its
 * next start. The UDP port of the same number, which we need for nothing else, stands for it until this
 * process ends.
 */
function reserved(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4').unref();
    socket.on('error', ({ code }: NodeJS.ErrnoException) => {
      socket.close();
      // Where there is no UDP, nothing is reserved.
      resolve(code !== 'EADDRINUSE');
    });
    socket.bind({ address: '127.0.0.1', port, exclusive: true }, () => resolve(true));
  });
}

/** The error code (`EADDRINUSE`, `EACCES`, `EADDRNOTAVAIL`) that binding this address meets, if any. */
export function portProblem(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}
