import { runProcess } from '#process/run-process.js';

import { eventNode } from './event-node.js';

runProcess(eventNode);
