import { createServer, type Server, type Socket } from 'node:net';

import { afterEach, describe, expect, it } from 'vitest';

import { ApiClient } from './client.js';

let server: Server | undefined;
afterEach(() => {
  server?.close();
});

const uploadTo = async (answer: (socket: Socket) => void): Promise<unknown> => {
  const listening = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => {
      answer(socket);
    });
  });
  server = listening;
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  const { port } = listening.address() as { port: number };
  const client = new ApiClient({ url: `http://127.0.0.1:${String(port)}`, key: 'k' });
  let left = 300;
  const body = new ReadableStream({
    async pull(controller) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      if (left-- > 0) controller.enqueue(new Uint8Array(64 * 1024));
      else controller.close();
    },
  });
  return client
    .upload('/v1/imports', {}, { 'content-type': 'text/csv' }, body)
    .catch((error: unknown) => (error as Error).message);
};

describe('an upload that the server does not want', () => {
  it('is said to have been closed by the server, not to have found none', async () => {
    expect(await uploadTo((socket) => socket.destroy())).toContain('closed the upload');
  });

  it('shows the answer where there was one', async () => {
    const problem = JSON.stringify({ code: 'FILE_TOO_LARGE', detail: 'the file is larger' });
    const head = `HTTP/1.1 413 Content Too Large\r\ncontent-length: ${String(problem.length)}\r\nconnection: close\r\n\r\n`;
    expect(await uploadTo((socket) => socket.end(head + problem))).toBe(
      'FILE_TOO_LARGE: the file is larger',
    );
  });
});
