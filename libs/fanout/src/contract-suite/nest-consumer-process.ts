import { asController } from './nest-plug.js';
import { runProcess } from './run-process.js';

await runProcess(asController('a promise'));
