import { EsdbEventLog } from '#event-log/esdb.js';
import { LogTail } from '#event-log/log-tail.js';
import { Lease } from '#read-store/lease.js';
import { requiredSetting } from '#testing/required-setting.js';

import type { TopicSettings } from '../../cluster/topics.js';
import type { KafkaSettings } from '../../kafka.js';
import { BatchThread } from '../batch-thread.js';
import { Relay } from '../relay.js';
import type { Step } from '../session.js';
import { RelayStatus } from '../status.js';
import { counterContract } from './counter-contract.js';

// A relay of its own for the tests that kill or freeze one. CRASH_AT ends it at the step of that
// number, FREEZE_AT stands it still at the step of that name, in its first batch; it logs what
// it does on its output.

const settings = JSON.parse(requiredSetting('SETTINGS')) as KafkaSettings & TopicSettings;
const crashAt = Number(process.env['CRASH_AT'] ?? Infinity);
let freezeAt = process.env['FREEZE_AT'];
let steps = 0;
let isReconciled = false;
const step = (name: Step): void => {
  steps += 1;
  if (steps === crashAt) process.kill(process.pid, 'SIGKILL');
  // A start sends the position, and one that fails begins again: only behind it is a batch sent.
  if (isReconciled && name === freezeAt) freeze();
  isReconciled = name === 'reconciled' || (isReconciled && name !== 'fenced');
};

const freeze = (): void => {
  freezeAt = undefined;
  say({ steps }, 'it freezes');
  process.kill(process.pid, 'SIGSTOP');
};

const say = (fields: object, message: string): void => {
  process.stdout.write(`${message} ${JSON.stringify(fields)}\n`);
};
const logger = { debug: () => undefined, info: say, warn: say, error: say };

const log = EsdbEventLog.connect(requiredSetting('EVENTSTORE_URL'));
const tail = new LogTail(log, { logger });
await tail.start();
const lease = new Lease(requiredSetting('DATABASE_URL'), logger, 'relay');
const stopping = new AbortController();
const thread = new BatchThread(new URL('batch-thread.js', import.meta.url), {
  eventStoreUrl: requiredSetting('EVENTSTORE_URL'),
});
const ended = new Relay({
  ...{ settings, contracts: [counterContract], log, tail, lease, logger, step },
  status: new RelayStatus(),
  batches: (position) => thread.source(position),
  transactionTimeoutMs: Number(process.env['TRANSACTION_TIMEOUT_MS'] ?? 30_000),
}).run(stopping.signal);
process.send?.({ type: 'ready' });

process.on('SIGTERM', () => {
  stopping.abort();
  void ended.then(() => process.exit(0));
});
process.on('disconnect', () => process.exit(0));
