import { expect, it } from 'vitest';

import { testDatabase } from './embedded.js';
import { startEventNode } from './event-node.js';

it('an event node listens where no outgoing connection can stand in its way after a restart', async () => {
  const database = await testDatabase();
  const node = await startEventNode({ databaseUrl: database.url });
  // Linux gives out 32,768 and more, IANA's range is a part of that.
  expect(node.port).toBeLessThan(32_768);
  await node.kill();
  await node.restart();
  expect(node.isRunning).toBe(true);
  const other = await testDatabase();
  const taken = startEventNode({ databaseUrl: other.url, port: node.port });
  await expect(taken).rejects.toThrow('EADDRINUSE');
  await node.stop();
  await Promise.all([database.drop(), other.drop()]);
});
