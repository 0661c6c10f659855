import { parentPort, workerData } from 'node:worker_threads';

import { contracts } from '#apps/contracts.js';
import { EsdbEventLog } from '#event-log/esdb.js';
import { Publication } from '#fanout/fact.js';
import { serveBatches } from '#fanout/relay/batch-thread.js';

// The thread of the relay that reads the log and maps it, on a connection of its own.

const { eventStoreUrl } = workerData as { readonly eventStoreUrl: string };
if (!parentPort) throw new Error('this is a thread of the relay');
serveBatches(parentPort, EsdbEventLog.connect(eventStoreUrl), new Publication(contracts));
