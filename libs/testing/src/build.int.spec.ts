import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from '@jest/globals';

import { AppProcess } from '#embedded/app-process.js';

import { compiled } from './build.js';

describe('the compiled sources', () => {
  it('are made once and run as they are, aliases included', async () => {
    const [one, other] = await Promise.all([compiled(), compiled()]);
    expect(one).toBe(other);
    expect(existsSync(join(one, 'apps/event-node/schema.sql'))).toBe(true);
    const importsByAlias = join(one, 'libs/testing/src/run-folder.js');
    const app = new AppProcess({ script: importsByAlias, env: { PATH: process.env['PATH'] } });
    expect(await app.ended).toEqual({ code: 0, signal: null });
  });
});
