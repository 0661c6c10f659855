import { Agent, request as httpRequest } from 'node:http';

import type { HostileAnswer } from './judge.js';
import type { HostileRequest } from './request.js';

/** What an answer may take, in ms. */
const answerMs = 30_000;
/** How much of an answer is read; exports, replays and feeds may be endless. */
const enough = 65_536;
/** How long is waited for more of an answer that has begun, in ms. */
const silenceMs = 1_000;

/** Sends a request as it is and reads the beginning of its answer. Rejects where none comes. */
export const send = (target: URL, agent: Agent, hostile: HostileRequest): Promise<HostileAnswer> =>
  new Promise((resolve, reject) => {
    const { method, path, headers, body } = hostile;
    const request = httpRequest({
      host: target.hostname,
      port: target.port,
      agent,
      method,
      path,
      headers: { ...headers, ...(body && { 'content-length': String(body.length) }) },
      timeout: answerMs,
    });
    request.once('timeout', () =>
      request.destroy(new Error(`no answer in ${String(answerMs)} ms`)),
    );
    // Later errors are those of a connection that is done with.
    request.on('error', (error) => {
      // The server may close a connection that is kept while a request is on its way; see Node's reusedSocket.
      if (request.reusedSocket) send(target, new Agent(), hostile).then(resolve, reject);
      else reject(error);
    });
    request.once('response', (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      const done = (): void => {
        clearTimeout(silence);
        resolve({
          status: response.statusCode ?? 0,
          contentType: response.headers['content-type'] ?? '',
          text: Buffer.concat(chunks).toString('utf8'),
        });
        if (!response.complete) request.destroy();
      };
      const silence = setTimeout(done, silenceMs);
      response.on('data', (chunk: Buffer) => {
        silence.refresh();
        chunks.push(chunk);
        size += chunk.length;
        if (size > enough) done();
      });
      response.once('end', done);
      response.on('error', done);
    });
    request.end(body);
  });
