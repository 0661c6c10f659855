import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export interface RawAnswer {
  readonly status: number;
  /** Lower case, with the status line. */
  readonly head: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** One connection whose bytes the test decides on. */
export class RawConnection {
  private received = '';
  readonly closed: Promise<unknown>;

  private constructor(readonly socket: Socket) {
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => (this.received += chunk.toString('latin1')));
    this.closed = new Promise((resolve) => socket.once('close', resolve));
  }

  static async to(url: string): Promise<RawConnection> {
    const { port } = new URL(url);
    const socket = connect(Number(port), '127.0.0.1');
    await once(socket, 'connect');
    return new RawConnection(socket);
  }

  send(...lines: string[]): this {
    this.socket.write(lines.map((line) => `${line}\r\n`).join(''));
    return this;
  }

  /** The next answer; rejects where the connection is closed before it is whole. */
  async answer(): Promise<RawAnswer> {
    for (;;) {
      const end = this.received.indexOf('\r\n\r\n');
      const head = this.received.slice(0, Math.max(end, 0)).toLowerCase();
      const length = Number(/content-length: (\d+)/.exec(head)?.[1] ?? 0);
      if (end !== -1 && this.received.length >= end + 4 + length) {
        const text = this.received.slice(end + 4, end + 4 + length);
        this.received = this.received.slice(end + 4 + length);
        const body = text === '' ? {} : (JSON.parse(text) as RawAnswer['body']);
        return { status: Number(head.split(' ')[1]), head, body };
      }
      if (this.socket.closed) throw new Error(`closed after "${this.received}"`);
      await Promise.race([once(this.socket, 'data').catch(() => undefined), this.closed]);
    }
  }

  close(): void {
    this.socket.destroy();
  }
}

/** Sends lines as a request on a connection of its own. */
export const exchange = async (url: string, ...lines: string[]): Promise<RawAnswer> => {
  const connection = await RawConnection.to(url);
  try {
    return await connection.send(...lines).answer();
  } finally {
    connection.close();
  }
};
