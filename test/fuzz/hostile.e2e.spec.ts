import { Agent } from 'node:http';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { compiledRoot } from '#testing/build.js';

import { startVoltrace, type Voltrace } from '../support/voltrace.js';
import { type Operation, readCodes, readOperations } from './document.js';
import { fuzz, reportLines } from './fuzz.js';
import { faultOf } from './judge.js';
import { send } from './send.js';

const operations = readOperations('docs/openapi.json');
const codes = readCodes('docs/problems.generated.md');

const agent = new Agent({ keepAlive: true });
let voltrace: Voltrace;
beforeAll(async () => {
  const env = { RATE_LIMIT_PER_KEY: '0', RATE_LIMIT_PER_ADDRESS: '0' };
  voltrace = await startVoltrace({ dist: compiledRoot, env });
});
afterAll(async () => {
  agent.destroy();
  await voltrace.remove();
});

describe('a whole system', () => {
  it('answers hostile requests as it is documented', async () => {
    const { api } = voltrace;
    const viewer = await api.newKey('viewer');
    const report = await fuzz({
      ...{ url: api.url, operations, codes, keys: [api.key, api.key, viewer, ''] },
      ...{ seed: 7, requests: 1_500, concurrency: 8 },
    });
    expect(reportLines(report).slice(1)).toEqual([]);
    const answered = [...report.statuses].reduce((sum, [, count]) => sum + count, 0);
    expect(answered).toBe(1_500);
    expect(report.statuses.get(200)).toBeGreaterThan(40);
  });
});

/** Values that are wrong for nearly every parameter. */
const values = [
  '',
  '%00',
  '%C3%28',
  '-1',
  '1e99',
  '9'.repeat(40),
  '%C3%A4'.repeat(2_000),
  '%22%27)%3B--',
  'null',
  '%F0%9F%94%8B',
];
const period = ['from=2026-01-01T00:00:00Z', 'to=2026-01-02T00:00:00Z'];
/** Without these nothing else is looked at. */
const neededBy: Readonly<Record<string, readonly string[]>> = {
  'POST /v1/imports': ['kind=products'],
  'GET /v1/devices/{id}/samples': ['series=a', ...period],
  'GET /v1/devices/{id}/gaps': ['series=a', ...period],
  'GET /v1/sites/{id}/formulas/{name}/samples': ['bucket=day', ...period],
};
const anId = '6f1c7a52-58a5-4d0e-8a51-2f6d6a2f0c02';
const unknown = 'noSuchThing';

/** With the path filled in so that what is asked for is not there, and the text that is sent. */
const asked = ({ path, method, body }: Operation, query: string) => ({
  method,
  path: `${path.replaceAll(/\{\w+\}/g, anId)}?${query}`,
  ...(body && { type: body.type, body: Buffer.from(JSON.stringify(body.example ?? {})) }),
});

describe('every query parameter of every route', () => {
  const parameters = operations.flatMap((operation) =>
    [...operation.query, unknown].map((name) => ({ operation, name })),
  );

  it.each(parameters)(
    'is answered, or refused by its name: $operation.method $operation.path $name',
    async ({ operation, name }) => {
      const { api } = voltrace;
      const isOpen = operation.path.startsWith('/health/');
      const needed = (neededBy[`${operation.method} ${operation.path}`] ?? [])
        .filter((each) => !each.startsWith(`${name}=`))
        .map((each) => `&${each}`)
        .join('');
      for (const value of values) {
        const { type, ...request } = asked(operation, `${name}=${value}${needed}`);
        const headers = {
          authorization: `Bearer ${api.key}`,
          ...(type !== undefined && { 'content-type': type }),
        };
        const answer = await send(new URL(api.url), agent, { operation, ...request, headers });
        expect([value, faultOf(answer, operation, codes)]).toEqual([value, undefined]);
        if (answer.status === 400)
          expect([value, answer.text]).toEqual([value, expect.stringContaining(`?${name}`)]);
        if (name === unknown && !isOpen) expect([value, answer.status]).toEqual([value, 400]);
      }
    },
  );
});
