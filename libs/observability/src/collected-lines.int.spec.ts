import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import { describe, expect, it, vi } from 'vitest';

import { CollectedLines } from './collected-lines.js';
import { Logger } from './logging.js';

const script = fileURLToPath(new URL('collected-lines.process.fixture.js', import.meta.url));

const messagesOf = async (way: string): Promise<string[]> => {
  const child = spawn(process.execPath, [script, way], { stdio: ['ignore', 'pipe', 'ignore'] });
  let text = '';
  child.stdout.on('data', (bytes: Buffer) => (text += bytes.toString()));
  await once(child, 'close');
  return text
    .trimEnd()
    .split('\n')
    .map((line) => (JSON.parse(line) as { msg: string }).msg);
};

describe('a process that ends', () => {
  it.each([
    'SIGTERM',
    'SIGTERM without a handler',
    'exit',
    'an uncaught exception',
    'a rejection',
    'a fatal error',
  ])('by %s has written every line', async (way) => {
    const messages = await messagesOf(way);
    expect(messages.filter((message) => message === 'a line')).toHaveLength(200);
    expect(messages.at(-1)).toBe('the last line');
  });
});

/** What was written, and the way to log. */
const collecting = () => {
  const written: string[] = [];
  const lines = new CollectedLines({ write: (text: string) => void written.push(text) });
  return { written, logger: Logger.create({ app: 'test', stream: lines }) };
};

describe('log lines', () => {
  const ignore = (): void => undefined;

  it('are written together, after a moment or when they are many', async () => {
    process.on('SIGTERM', ignore);
    try {
      const { written, logger } = collecting();
      for (const line of ['a', 'b', 'c']) logger.warn({}, line);
      expect(written).toEqual([]);
      await vi.waitFor(() => {
        expect(written).toHaveLength(1);
      });
      expect(written[0]?.match(/"msg":"[abc]"/g)).toEqual(['"msg":"a"', '"msg":"b"', '"msg":"c"']);
      logger.info({ text: 'x'.repeat(9_000) }, 'long');
      expect(written).toHaveLength(2);
    } finally {
      process.off('SIGTERM', ignore);
    }
  });

  it('are written at once, in their order, where one is an error', () => {
    process.on('SIGTERM', ignore);
    try {
      const { written, logger } = collecting();
      logger.info({}, 'a');
      logger.child({ part: 'x' }).error({}, 'b');
      expect(written.join('').match(/"msg":"[ab]"/g)).toEqual(['"msg":"a"', '"msg":"b"']);
      logger.fatal({}, 'c');
      expect(written).toHaveLength(2);
    } finally {
      process.off('SIGTERM', ignore);
    }
  });
});
