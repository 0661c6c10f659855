import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { projections } from '#projections/all.js';
import { projectionStatus } from '#subscription/projection/projection-status.js';
import { Fixture } from '#subscription/projection/test/fixture.js';
import { compiledRoot } from '#testing/build.js';
import { startOwnNode } from '#testing/test-node.js';
import { until } from '#testing/until.js';

const script = join(compiledRoot, 'apps/ctl/main.js');

describe('voltrace subscriptions build', () => {
  let fixture: Fixture;
  beforeEach(async () => {
    fixture = await Fixture.start(startOwnNode);
  });
  afterEach(() => fixture.stop());

  const start = (env: Record<string, string> = {}) => {
    const child = spawn(process.execPath, [script, 'subscriptions', 'build'], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: process.env['PATH'],
        EVENTSTORE_URL: fixture.node.url,
        DATABASE_URL: fixture.database.url,
        ...env,
      },
    });
    const said = { out: '', err: '' };
    child.stdout.on('data', (text) => (said.out += String(text)));
    child.stderr.on('data', (text) => (said.err += String(text)));
    return { child, said, ended: once(child, 'close').then(([code]) => code as number) };
  };

  it('builds every projection of its version without an API, ends, and finds them the next time', async () => {
    const position = await fixture.count(20);
    for (const time of ['first', 'second']) {
      const { said, ended } = start();
      expect([time, await ended, said.out]).toEqual([
        time,
        0,
        'Everything that this version reads is built.\n',
      ]);
      const statuses = await projectionStatus(fixture.store, projections);
      expect(statuses.map(({ name, builtVersion }) => [name, builtVersion]).sort()).toEqual(
        projections.map(({ name, version }) => [name, version]).sort(),
      );
      const reached = 'select bool_and(commit_position >= $1) from subscription.checkpoint';
      expect(await fixture.value(reached, [String(position.commit)])).toBe(true);
    }
  });

  it('fails where it is stopped before that, and where a setting is wrong', async () => {
    const waiting = start({ DATABASE_URL: 'postgres://nobody:x@127.0.0.1:9/none' });
    await until('the projector has said something', () => waiting.said.err.includes('projector'));
    waiting.child.kill('SIGTERM');
    expect(await waiting.ended).toBe(1);
    expect(waiting.said.err).toContain('The projector was stopped before everything was built.');

    const wrong = start({ EVENTSTORE_URL: 'http://x' });
    expect(await wrong.ended).toBe(1);
    expect(wrong.said.err).toMatch(/EVENTSTORE_URL is "http:[^]*ended with exit code 1 before/);
  });
});
