import type { Server } from 'node:http';
import { BlockList, isIP, isIPv6, type Socket } from 'node:net';

import { normalizeIP } from '@fastify/rate-limit';

import { Refusal } from '#kernel/refusal.js';

import { problemOf } from './problems.js';
import { readContext, traceIdOf } from './request-context.js';
import type { ServerLimits } from './server-limits.js';

const loopback = ['127.0.0.0/8', '::1'];

/** Addresses and ranges of one `TRUST_PROXY`; undefined where it holds anything else. */
export const proxiesIn = (text: string): readonly string[] | undefined => {
  const parts = text
    .split(',')
    .map((part) => part.trim())
    .flatMap((part) => (part === 'loopback' ? loopback : [part]));
  return parts.every(isAddressOrRange) ? parts : undefined;
};

const isAddressOrRange = (text: string): boolean => {
  const [address = '', bits, ...more] = text.split('/');
  const width = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1;
  if (width === -1 || more.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= width);
};

const familyOf = (address: string) => (isIPv6(address) ? 'ipv6' : 'ipv4');

/** Whether an address is one of the proxies. */
export const proxyTrust = (proxies: readonly string[]): ((address: string) => boolean) => {
  const list = new BlockList();
  for (const proxy of proxies) {
    const [address = '', bits] = proxy.split('/');
    if (bits === undefined) list.addAddress(address, familyOf(address));
    else list.addSubnet(address, Number(bits), familyOf(address));
  }
  return (address) => isIP(address) !== 0 && list.check(address, familyOf(address));
};

/**
 * Bounds the open connections, in all and of one address. Those of a trusted proxy are counted in all
 * only: whom they belong to is known by request.
 */
export const limitConnections = (
  server: Server,
  { maxConnections, maxConnectionsPerAddress, trustedProxies }: ServerLimits,
  refused: (reason: 'address' | 'all') => void,
): void => {
  const isTrusted = proxyTrust(trustedProxies);
  const open = new Map<string, number>();
  server.maxConnections = maxConnections;
  server.on('drop', () => refused('all'));
  server.on('connection', (socket: Socket) => {
    const address = socket.remoteAddress ?? '';
    if (isTrusted(address)) return;
    const key = normalizeIP(address);
    const count = (open.get(key) ?? 0) + 1;
    open.set(key, count);
    socket.once('close', () => {
      const left = (open.get(key) ?? 1) - 1;
      if (left === 0) open.delete(key);
      else open.set(key, left);
    });
    if (count <= maxConnectionsPerAddress) return;
    refused('address');
    answerOnSocket(socket, tooManyConnections());
  });
};

const tooManyConnections = () =>
  new Refusal('TOO_MANY_CONNECTIONS', 'too-many', 'too many connections of one address are open', {
    retryAfterSeconds: 5,
  });

/** Refusals of Node's own parser, by its codes. */
const brokenRequests: Readonly<Record<string, Refusal>> = {
  HPE_HEADER_OVERFLOW: new Refusal(
    'HEADERS_TOO_LARGE',
    'headers-too-large',
    'the headers are larger than 16 KiB',
  ),
  ERR_HTTP_REQUEST_TIMEOUT: new Refusal(
    'REQUEST_TIMED_OUT',
    'timed-out',
    'the request did not arrive in time',
  ),
};

const malformed = new Refusal('HTTP_MALFORMED', 'invalid', 'this is not a valid HTTP request');

/** What is not HTTP, too large or too slow is answered on the bare socket. */
export const answerBrokenRequest = (error: Error & { code?: string }, socket: Socket): void => {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  answerOnSocket(socket, brokenRequests[error.code ?? ''] ?? malformed);
};

/** The answer where no request was read, and the end of the connection. */
const answerOnSocket = (socket: Socket, refusal: Refusal): void => {
  socket.on('error', () => undefined);
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const context = readContext({}, new Date());
  const { problem, retryAfterSeconds } = problemOf(refusal, {
    requestId: context.requestId,
    traceId: traceIdOf(context),
  });
  const body = JSON.stringify(problem);
  const retryAfter =
    retryAfterSeconds === undefined ? '' : `Retry-After: ${String(retryAfterSeconds)}\r\n`;
  const head =
    `HTTP/1.1 ${String(problem.status)} ${problem.title}\r\n` +
    `Content-Type: application/problem+json\r\nContent-Length: ${String(Buffer.byteLength(body))}\r\n` +
    `Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n${retryAfter}Connection: close\r\n\r\n`;
  socket.end(head + body, () => socket.destroy());
};
