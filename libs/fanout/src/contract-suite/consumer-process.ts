import { runProcess } from './run-process.js';
import { plainly } from './world.js';

await runProcess(plainly);
