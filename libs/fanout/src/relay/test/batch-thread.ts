import { parentPort, workerData } from 'node:worker_threads';

import { EsdbEventLog } from '#event-log/esdb.js';

import { Publication } from '../../fact.js';
import { serveBatches } from '../batch-thread.js';
import { counterContract } from './counter-contract.js';

const { eventStoreUrl } = workerData as { readonly eventStoreUrl: string };
if (!parentPort) throw new Error('this is a thread of a relay');
serveBatches(parentPort, EsdbEventLog.connect(eventStoreUrl), new Publication([counterContract]));
