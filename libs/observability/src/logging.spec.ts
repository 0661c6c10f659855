import { describe, expect, it } from 'vitest';

import { Logger } from './logging.js';

const logged = (write: (logger: Logger) => void): Record<string, unknown>[] => {
  const lines: string[] = [];
  write(Logger.create({ app: 'test', stream: { write: (line: string) => void lines.push(line) } }));
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
};

describe('a log line', () => {
  it('says when, how severe, which process and what', () => {
    const [line] = logged((logger) => logger.child({ part: 'x' }).info({ id: 1 }, 'done'));
    expect(line).toMatchObject({ level: 'info', app: 'test', part: 'x', id: 1, msg: 'done' });
    expect(line?.['time']).toMatch(/^\d{4}-\d\d-\d\dT.*Z$/);
  });

  it('never holds a secret', () => {
    const lines = logged((logger) => {
      logger.info({ authorization: 'Bearer vt_x' }, 'a');
      logger.info({ headers: { authorization: 'geheim', cookie: 'geheim' } }, 'b');
      logger.info(
        { request: { headers: { 'x-api-key': 'geheim' }, body: { secret: 'geheim' } } },
        'c',
      );
      logger.info({ data: { secretSha256: 'geheim', password: 'geheim' } }, 'd');
    });
    expect(JSON.stringify(lines)).not.toMatch(/geheim|vt_x/);
  });

  it('holds an error with its stack and cause', () => {
    const error = new Error('outer', { cause: new Error('inner') });
    const [line] = logged((logger) => logger.error({ error }, 'failed'));
    expect(JSON.stringify(line)).toMatch(/outer.*inner/s);
  });
});
