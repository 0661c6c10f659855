import { execFileSync } from 'node:child_process';

import { describe, expect, it } from '@jest/globals';

import { projections } from '#projections/all.js';
import { compiled } from '#testing/build.js';

import { hashOf } from './projection-hash.js';

const program = `
  import { projections } from '#projections/all.js';
  import { hashOf } from '#subscription/projection/projection-hash.js';
  console.log(JSON.stringify(await Promise.all(projections.map(hashOf))));
`;

describe('the hash of a projection', () => {
  it('is the same for the compiled code and for its sources', async () => {
    const output = execFileSync(process.execPath, ['--input-type=module', '-e', program], {
      cwd: await compiled(),
      encoding: 'utf8',
      env: { PATH: process.env['PATH'] },
    });
    expect(JSON.parse(output)).toEqual(await Promise.all(projections.map(hashOf)));
  });
});
