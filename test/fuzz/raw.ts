import { connect } from 'node:net';

import type { HostileAnswer } from './judge.js';

const answerMs = 30_000;

/** Bytes that are no HTTP request, or one that Node refuses before anything of ours sees it. */
export const rawRequests: readonly string[] = [
  'GET / HTTP/1.1\r\n\r\n',
  'GET /health/live HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n',
  'GET /health/live HTTP/9.9\r\nhost: a\r\n\r\n',
  'NONSENSE\r\n\r\n',
  'GET /health/live HTTP/1.1\r\nhost: a\r\nbroken header\r\n\r\n',
  `GET /health/live HTTP/1.1\r\nhost: a\r\nx: ${'x'.repeat(40_000)}\r\n\r\n`,
  `GET /${'x'.repeat(40_000)} HTTP/1.1\r\nhost: a\r\n\r\n`,
  'POST /v1/products HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nx',
  'POST /v1/products HTTP/1.1\r\nhost: a\r\ncontent-length: -1\r\n\r\n',
  'POST /v1/products HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n',
  'POST /v1/products HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\ncontent-length: 3\r\n\r\n0\r\n\r\n',
  'GET /health/live HTTP/1.1\r\nhost: a\r\nexpect: something\r\nconnection: close\r\n\r\n',
  'GET /health/live HTTP/1.1\r\nhost: a\r\nauthorization: \u0001\r\n\r\n',
  'CONNECT a:1 HTTP/1.1\r\nhost: a\r\n\r\n',
  'GET /v1/events/live HTTP/1.1\r\nhost: a\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n',
  '\u0016\u0003\u0001\u0000\u00a5\u0001\u0000\u0000\u00a1\u0003\u0003',
];

/** Sends bytes; reads what comes until the other side closes, or until an answer is whole. */
export const sendRaw = (target: URL, text: string): Promise<HostileAnswer> =>
  new Promise((resolve, reject) => {
    const socket = connect(Number(target.port), target.hostname);
    let answer = '';
    const finish = (): void => {
      socket.destroy();
      const [head = '', body = ''] = answer.split('\r\n\r\n', 2);
      resolve({
        status: Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1] ?? 0),
        contentType: /^content-type: *(.*)$/im.exec(head)?.[1]?.trim() ?? '',
        text: body,
      });
    };
    socket.setTimeout(answerMs, () => socket.destroy(new Error('neither answered nor closed')));
    socket.on('data', (chunk) => {
      answer += chunk.toString('latin1');
      const length = /^content-length: *(\d+)/im.exec(answer)?.[1];
      const body = answer.split('\r\n\r\n', 2)[1];
      if (length !== undefined && body !== undefined && body.length >= Number(length)) finish();
    });
    socket.once('close', () => {
      if (answer === '') reject(new Error('closed without a word'));
      else finish();
    });
    socket.once('error', reject);
    socket.write(text, 'latin1');
  });
