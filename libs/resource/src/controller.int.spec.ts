import { randomUUID } from 'node:crypto';

import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { Position } from '#event-log/event-log.js';
import { formatPosition } from '#event-log/position.js';
import { eventClock } from '#projections/event-clock/event-clock.projection.js';
import { Fixture } from '#subscription/projection/test/fixture.js';
import { waitForPosition } from '#subscription/projection/wait-for-position.js';
import { appendAll, idOf } from '#testing/event-story.js';

import { ResourceReader } from './reader.js';
import { ResourceApp } from './test/resource-app.js';
import { Things } from './test/things.fixture.js';
import { ThingsByInitialController, ThingsController } from './test/things.http.js';
import { thingsProjection } from './test/things.projection.js';

let fixture: Fixture;
let app: ResourceApp;
let positions: readonly Position[];

const get = (path: string, headers?: Record<string, string>) => app.get(`/v1/${path}`, headers);
const at = (index: number): string =>
  formatPosition(positions.at(index) ?? { commit: 0n, prepare: 0n });

beforeAll(async () => {
  fixture = await Fixture.start();
  const reader = new ResourceReader(fixture.store, fixture.log, fixture.tail, () =>
    Promise.resolve(new Map([['key-1', 'nightly import']])),
  );
  app = await ResourceApp.start(reader, {
    controllers: [ThingsController, ThingsByInitialController],
  });
});
afterAll(async () => {
  await app.stop();
  await fixture.stop();
});

describe('the routes of a resource', () => {
  it('answer 503 with the progress until the read model is built', async () => {
    for (const path of ['things', 'things/X-1', 'things/X-1/history', 'things-by-initial']) {
      const { status, body, headers } = await get(path);
      expect([status, body['code']]).toEqual([503, 'PROJECTION_BUILDING']);
      expect(headers['retry-after']).toBe('2');
    }
  });

  describe('once it is', () => {
    beforeAll(async () => {
      await fixture.runBuilt(eventClock, thingsProjection);
      const told = new Things().make('Bolt', 'B-1').make('Anchor, "big"').make('Cog', 'C-1');
      told.change('Bolt', { amount: '5.120' }).change('Bolt', { code: 'B-2' });
      positions = await appendAll(fixture.log, told.events);
      const last = positions.at(-1);
      if (!last) throw new Error('nothing was told');
      for (const projection of [eventClock, thingsProjection]) {
        await waitForPosition(fixture.store, projection, last, { timeoutMs: 30_000 });
      }
    });

    const bolt = () => ({
      ...{ id: idOf('Bolt'), name: 'Bolt', code: 'B-2', amount: '5.120' },
      ...{ revision: 2, position: at(-1) },
    });

    it('answer with an item and its ETag, by id and by what else the path may name', async () => {
      const { status, body, headers } = await get(`things/B-2?after=${at(-1)}`);
      expect(status).toBe(200);
      expect(headers['etag']).toBe('"2"');
      expect(body).toEqual(bolt());
      expect((await get(`things/${idOf('Bolt').toUpperCase()}`)).body).toEqual(bolt());
    });

    it('answer as of a position and as of a time', async () => {
      const then = await get(`things/B-2?asOf=@${at(0)}`);
      expect(then.body).toEqual({
        ...{ ...bolt(), code: 'B-1', amount: null },
        ...{ revision: 0, position: at(0) },
      });
      for (const path of [`things/C-1?asOf=@${at(0)}`, 'things/C-1?asOf=2001-01-01T00:00:00Z']) {
        const { status, body } = await get(path);
        expect([status, body['code']]).toEqual([404, 'NOT_REGISTERED_THEN']);
      }
      const now = await get(`things/B-2?asOf=${new Date().toISOString()}`);
      expect(now.body).toEqual(bolt());
    });

    it('answer 404 for what does not exist', async () => {
      const id = randomUUID();
      for (const path of ['no', 'no/history', id, `${id}/history`, `${id}?asOf=@5`, 'no?asOf=@5']) {
        const { status, body } = await get(`things/${path}`);
        expect([path, status, body['code']]).toEqual([path, 404, 'THING_UNKNOWN']);
      }
      expect((await get(`things-by-initial/${id}`)).status).toBe(404);
    });

    it('refuse what they do not understand, each by its name', async () => {
      const wrong = {
        'things?colour=red': 'colour',
        'things?amountMin=big': 'amountMin',
        'things?amountMin=1&amountMin=2': 'amountMin',
        'things?amountMin=2&amountMax=1': 'amountMax',
        'things?sort=weight': 'sort',
        'things?limit=1001': 'limit',
        'things?limit=0': 'limit',
        'things?cursor=nonsense': 'cursor',
        'things?asOf=@5': 'asOf',
        'things?name=': 'name',
        'things?after=-1': 'after',
        'things?format=csv&limit=5': 'limit',
        'things?format=ndjson&cursor=x': 'cursor',
        'things?format=xml': 'format',
        'things-by-initial?sort=name': 'sort',
        'things/B-2?asOf=yesterday': 'asOf',
        'things/B-2?asOf=2999-01-01T00:00:00Z': 'asOf',
        'things/B-2/history?order=up': 'order',
        'things/B-2/history?asOf=@5': 'asOf',
      };
      for (const [path, name] of Object.entries(wrong)) {
        const { status, body, headers } = await get(path);
        expect([path, status]).toEqual([path, 400]);
        expect(headers['content-type']).toContain('application/problem+json');
        expect(body['errors']).toMatchObject([{ pointer: `?${name}` }]);
      }
    });

    it('wait for a position and say so when it does not come', async () => {
      for (const path of ['things', 'things/B-2', 'things/B-2/history']) {
        const { status, body } = await get(`${path}?after=999999999999`);
        expect([status, body['code']]).toEqual([503, 'NOT_YET_VISIBLE']);
      }
    });

    it('page through a list', async () => {
      const first = await get('things?sort=-name&limit=2');
      expect(first.body['items']).toMatchObject([{ name: 'Cog' }, { name: 'Bolt' }]);
      const cursor = String(first.body['nextCursor']);
      const second = await get(`things?sort=-name&cursor=${cursor}`);
      expect(second.body['items']).toMatchObject([{ name: 'Anchor, "big"' }]);
      expect(second.body['nextCursor']).toBeNull();
    });

    it('export what the filter selects, by parameter or header, as CSV and NDJSON', async () => {
      const csv = await get('things?format=csv');
      expect(csv.headers['content-type']).toContain('text/csv');
      expect(csv.headers['content-disposition']).toContain('"things.csv"');
      expect(csv.text).toBe('name,amount_kg\r\n"Anchor, ""big""",\r\nBolt,5.120\r\nCog,\r\n');
      expect((await get('things', { accept: 'text/csv' })).text).toBe(csv.text);
      const lines = await get('things?format=ndjson&name=Bolt');
      expect(lines.headers['content-type']).toContain('application/x-ndjson');
      expect(lines.text).toBe('{"name":"Bolt","amount_kg":"5.120"}\n');
      const items = await get('things-by-initial?format=ndjson');
      expect(JSON.parse(items.text.split('\n')[1] ?? '')).toEqual(bolt());
    });

    it('tell who changed what, when and why, from both ends and page by page', async () => {
      const { body } = await get('things/B-2/history');
      expect(body).toMatchObject({
        nextCursor: null,
        items: [
          { revision: 0, event: 'ThingMade', reason: null, evidence: null },
          { revision: 1, changes: [{ path: '/amount', from: null, to: '5.120' }] },
          {
            ...{ revision: 2, position: at(-1), event: 'ThingChanged', source: 'http' },
            actor: { id: 'key-1', name: 'nightly import', kind: 'apiKey', roles: ['curator'] },
            changes: [{ path: '/code', from: 'B-1', to: 'B-2' }],
          },
        ],
      });
      for (const order of ['asc', 'desc']) {
        const revisions: unknown[] = [];
        let cursor = '';
        do {
          const page = await get(`things/B-2/history?order=${order}&limit=2${cursor}`);
          revisions.push(...(page.body['items'] as { revision: number }[]).map((i) => i.revision));
          const next = page.body['nextCursor'] as string | null;
          cursor = next === null ? '' : `&cursor=${next}`;
        } while (cursor !== '');
        expect(revisions).toEqual(order === 'asc' ? [0, 1, 2] : [2, 1, 0]);
      }
    });

    it('refuse a history’s cursor for another order or another thing', async () => {
      const { body } = await get('things/B-2/history?limit=1');
      const cursor = String(body['nextCursor']);
      for (const path of ['things/B-2/history?order=desc', 'things/C-1/history?order=asc']) {
        const refused = await get(`${path}&cursor=${cursor}`);
        expect([refused.status, refused.body['code']]).toEqual([400, 'CURSOR_INVALID']);
      }
    });

    it('show in a history what was appended just before, whole, to all who ask at once', async () => {
      const told = new Things().make('Crowd');
      for (let n = 0; n < 20; n += 1) told.change('Crowd', { amount: String(n) });
      const [made, ...changes] = told.events;
      await appendAll(fixture.log, made ? [made] : []);
      const path = `things/${idOf('Crowd')}/history`;
      expect((await get(path)).body['items']).toHaveLength(1);
      await appendAll(fixture.log, changes);
      const all = await Promise.all(Array.from({ length: 8 }, () => get(path)));
      for (const { body } of all) {
        expect((body['items'] as { revision: number }[]).map(({ revision }) => revision)).toEqual([
          ...Array(21).keys(),
        ]);
      }
    });
  });

  it('are described in OpenAPI as they are', () => {
    const document = SwaggerModule.createDocument(app.app, new DocumentBuilder().build());
    const parametersOf = (path: string) =>
      document.paths[path]?.get?.parameters
        ?.map((parameter) => ('name' in parameter ? parameter.name : ''))
        .sort();
    expect(Object.keys(document.paths).sort()).toEqual([
      '/v1/things',
      '/v1/things-by-initial',
      '/v1/things/{idOrCode}',
      '/v1/things/{idOrCode}/history',
    ]);
    const page = ['after', 'bom', 'cursor', 'format', 'limit', 'raw'];
    expect(parametersOf('/v1/things-by-initial')).toEqual(page);
    expect(parametersOf('/v1/things')).toEqual(
      [...page, 'name', 'amountMin', 'amountMax', 'coded', 'sort'].sort(),
    );
    expect(parametersOf('/v1/things/{idOrCode}')).toEqual(['after', 'asOf', 'idOrCode']);
    expect(document.paths['/v1/things']?.get).toMatchObject({
      operationId: 'ThingsController_list',
      tags: ['things'],
      summary: 'Things',
      parameters: expect.arrayContaining([
        {
          ...{ name: 'name', in: 'query', required: false, description: 'Exactly.' },
          schema: { type: 'string', example: 'Bolt' },
        },
      ]),
    });
    expect(document.components?.schemas).toHaveProperty(
      'ThingListResponse.properties.items.items',
      {
        $ref: '#/components/schemas/ThingResponse',
      },
    );
  });
});
