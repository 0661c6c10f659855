import { PassThrough } from 'node:stream';

import { describe, expect, it } from 'vitest';

import { answerTo, confirmed, type Terminal } from './confirm.js';

const terminal = (answer: string | null, isTTY = true): Terminal & { said: () => string } => {
  const input = Object.assign(new PassThrough(), { isTTY });
  const output = new PassThrough();
  if (answer === null) input.end();
  else input.write(answer);
  return { input, output, said: () => String(output.read() ?? '') };
};

describe('asking before something is done', () => {
  it.each([
    ['y\n', true],
    ['YES\n', true],
    ['n\n', false],
    ['\n', false],
    ['yes please\n', false],
    [null, false],
  ])('takes %j for %s', async (answer, expected) => {
    const asked = terminal(answer);
    expect(await confirmed('Reset it?', asked)).toBe(expected);
    expect(asked.said()).toContain('Reset it? [y/N] ');
  });

  it('is refused where there is nobody to answer, however the input goes on', async () => {
    await expect(confirmed('Reset it?', terminal('y\n', false))).rejects.toThrow(
      'the input is no terminal: --yes goes on without asking',
    );
  });

  it('gives an answer without the blanks around it', async () => {
    expect(await answerTo('Why? ', '--reason', terminal('  so what \n'))).toBe('so what');
  });
});
