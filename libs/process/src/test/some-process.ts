import { setTimeout as sleep } from 'node:timers/promises';

import { integer, oneOf } from '../config.js';
import { logEnvironment, supervisionEnvironment } from '../environment.js';
import { runProcess } from '../run-process.js';

// A process of the tests. It says what it does on its output.

const say = (text: string): void => void process.stdout.write(`${text}\n`);

runProcess({
  name: 'some-process',
  environment: {
    START_MS: integer(0, 60_000)({ default: 0 }),
    FAILS: oneOf('to start', 'later', 'to close', 'to close in time')({ default: undefined }),
    ...logEnvironment,
    ...supervisionEnvironment,
  },
  start: async (context, { START_MS, FAILS }) => {
    context.onStop(() => say('closed the first part'));
    context.onStop(async () => {
      await sleep(20);
      say('closed the second part');
      if (FAILS === 'to close') throw new Error('a part is stuck');
      if (FAILS === 'to close in time') await new Promise(() => undefined);
    });
    context.signal.addEventListener('abort', () => say('stops'));
    say('starts');
    await sleep(START_MS);
    if (FAILS === 'to start') throw new Error('there is no store');
    if (FAILS === 'later')
      void sleep(20).then(() => Promise.reject(new Error('nobody expects it')));
    context.onStop(() => say('closed the last part'));
    return { answer: 42 };
  },
});
