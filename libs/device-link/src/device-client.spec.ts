import { expect, it } from 'vitest';

import { DeviceClient } from './device-client.js';

it('sends again what its client gives up, says so, and takes it for sent when it is acknowledged', async () => {
  const published: string[] = [];
  const retried: string[] = [];
  const mqtt = {
    publishAsync: (_topic: string, payload: string | Buffer) => {
      published.push(String(payload));
      return published.length === 1
        ? Promise.reject(new Error('client disconnecting'))
        : Promise.resolve(undefined);
    },
    endAsync: () => Promise.resolve(),
  };
  const client = new DeviceClient(mqtt, {
    device: 'one',
    onRetry: ({ message }) => retried.push(message),
  });
  await client.send('samples', { rows: [] });
  await client.flush();
  expect(retried).toEqual(['client disconnecting']);
  expect(published).toHaveLength(2);
  expect(published[1]).toBe(published[0]);
});
