import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** How the line behaves: as a wire, deaf (replies are lost), or dead (half open: nothing passes, nothing closes). */
export type LineMode = 'open' | 'lose-replies' | 'dead';

export interface TcpProxy {
  readonly port: number;
  mode: LineMode;
  /** Breaks every connection that is open now. */
  cut(): void;
  close(): Promise<void>;
}

/** A line between a client and `targetPort` on 127.0.0.1 that can be made to fail as networks do. */
export const startTcpProxy = async (targetPort: number): Promise<TcpProxy> => {
  const sockets = new Set<Socket>();
  let mode: LineMode = 'open';
  const server = createServer((near) => {
    const far = connect(targetPort, '127.0.0.1');
    for (const [socket, peer, replies] of [
      [near, far, false],
      [far, near, true],
    ] as const) {
      sockets.add(socket);
      socket.on('data', (bytes) => {
        if (mode === 'dead' || (replies && mode === 'lose-replies')) return;
        peer.write(bytes);
      });
      socket.on('error', () => peer.destroy());
      socket.on('close', () => {
        sockets.delete(socket);
        if (mode !== 'dead') peer.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    get mode() {
      return mode;
    },
    set mode(next) {
      mode = next;
    },
    cut,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        cut();
      }),
  };
};
