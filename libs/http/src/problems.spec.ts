import { HttpException, NotFoundException } from '@nestjs/common';
import { describe, expect, it } from 'vitest';

import { LogAccessDenied, LogUnavailable } from '#event-log/event-log.js';
import { Refusal, type RefusalKind } from '#kernel/refusal.js';

import { problemKinds, problemOf } from './problems.js';

const context = { requestId: '5f0c2f7e-5b0e-4b0c-9a51-3f6d8e1f7a11', traceId: 'abc' };
const problem = (error: unknown) => problemOf(error, context).problem;

describe('a problem document', () => {
  it('says what a refusal says', () => {
    const refusal = new Refusal('STALE_REVISION', 'stale', 'it is at 4', {
      currentRevision: '4',
      errors: [{ pointer: 'If-Match', reason: 'old' }],
      ownerId: 'p1',
    });
    expect(problem(refusal)).toEqual({
      type: 'urn:problem:stale-revision',
      title: 'The resource has changed since it was read',
      status: 412,
      detail: 'it is at 4',
      instance: `urn:request:${context.requestId}`,
      code: 'STALE_REVISION',
      current_revision: 4,
      errors: [{ pointer: 'If-Match', reason: 'old' }],
      owner_id: 'p1',
      trace_id: 'abc',
    });
  });

  it('has a status of its own for every kind', () => {
    const statuses = Object.values(problemKinds).map(({ status }) => status);
    expect(new Set(statuses).size).toBe(statuses.length);
    for (const [kind, { status }] of Object.entries(problemKinds)) {
      if (kind === 'bug') continue;
      expect(problem(new Refusal('X', kind as RefusalKind, 'x')).status).toBe(status);
    }
  });

  it('says of a bug nothing but where to look it up', () => {
    const answer = problem(new Error('select * from users where password = 1'));
    expect(answer).toMatchObject({ status: 500, code: 'INTERNAL', trace_id: 'abc' });
    expect(JSON.stringify(answer)).not.toMatch(/select|users|password|stack/);
    expect(problem('a thrown string').status).toBe(500);
    expect(problem(new HttpException('secret', 500)).detail).not.toMatch(/secret/);
  });

  it('never lets details overwrite its own members', () => {
    const refusal = new Refusal('X', 'conflict', 'x', { status: 200, type: 'y', traceId: 'z' });
    expect(problem(refusal)).toMatchObject({ status: 409, type: 'urn:problem:x', trace_id: 'abc' });
  });

  it('tells when to come back', () => {
    const wait = (error: unknown) => problemOf(error, context).retryAfterSeconds;
    expect(wait(new Refusal('X', 'unavailable', 'x'))).toBe(1);
    expect(wait(new Refusal('X', 'too-many', 'x', { retryAfterSeconds: 30 }))).toBe(30);
    expect(wait(new Refusal('X', 'conflict', 'x'))).toBeUndefined();
  });

  it('takes the stores for unavailable, not for bugs', () => {
    expect(problem(new LogUnavailable('10.0.0.1 refused'))).toMatchObject({
      status: 503,
      code: 'STORE_UNAVAILABLE',
      detail: 'the event store does not answer',
    });
    expect(problem(new LogAccessDenied('10.0.0.1 denies'))).toMatchObject({
      status: 503,
      code: 'STORE_ACCESS_DENIED',
    });
    const lost = Object.assign(new Error('terminating connection'), {
      code: '57P01',
      severity: 'FATAL',
    });
    expect(problem(lost)).toMatchObject({ status: 503, code: 'READ_STORE_UNAVAILABLE' });
    const bug = Object.assign(new Error('syntax error'), { code: '42601', severity: 'ERROR' });
    expect(problem(bug)).toMatchObject({ status: 500, code: 'INTERNAL' });
  });

  it.each([
    ['FST_ERR_CTP_BODY_TOO_LARGE', 413, 'BODY_TOO_LARGE'],
    ['FST_ERR_CTP_INVALID_MEDIA_TYPE', 415, 'MEDIA_TYPE_UNSUPPORTED'],
    ['FST_ERR_CTP_INVALID_JSON_BODY', 400, 'JSON_MALFORMED'],
    ['FST_ERR_BAD_URL', 400, 'URL_MALFORMED'],
  ])('knows the framework error %s', (code, status, ours) => {
    const error = Object.assign(new Error('x'), { code, statusCode: status });
    expect(problem(error)).toMatchObject({ status, code: ours });
    // As Nest hands it on from a hook:
    const wrapped = new HttpException('x', status, { cause: error });
    expect(problem(wrapped)).toMatchObject({ status, code: ours });
  });

  it('names an unknown route', () => {
    expect(problem(new NotFoundException('Cannot GET /x'))).toMatchObject({
      status: 404,
      code: 'ROUTE_UNKNOWN',
    });
  });
});
