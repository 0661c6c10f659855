// Logs more than is written at once and then ends, in the way that its argument names.
import { Logger } from './logging.js';

const [, , way = ''] = process.argv;
const logger = Logger.create({ app: 'test' });
if (way !== 'SIGTERM without a handler') process.on('SIGTERM', () => process.exit(0));

for (let n = 0; n < 200; n += 1) logger.info({ n }, 'a line');
switch (way) {
  case 'exit':
    logger.info({}, 'the last line');
    process.exit(0);
    break;
  case 'an uncaught exception':
    logger.info({}, 'the last line');
    throw new Error('uncaught');
  case 'a rejection':
    logger.info({}, 'the last line');
    void Promise.reject(new Error('unhandled'));
    break;
  case 'a fatal error':
    logger.info({}, 'the line before the last');
    logger.fatal({}, 'the last line');
    process.exit(1);
    break;
  default:
    logger.info({}, 'the last line');
    process.kill(process.pid, 'SIGTERM');
}
// Long enough for whoever reads.
setTimeout(() => undefined, 10_000);
