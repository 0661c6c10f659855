import { type AddressInfo, createServer } from 'node:net';

import { Aedes } from 'aedes';

/** What the embedded broker would be without anything of ours: it lets everybody in and hands everything on. */
const main = async (): Promise<void> => {
  const aedes = await Aedes.createBroker();
  const server = createServer({ noDelay: true });
  server.on('connection', (socket) => aedes.handle(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  process.on('disconnect', () => process.exit(0));
  process.send?.({ type: 'ready', port: (server.address() as AddressInfo).port });
};

await main();
