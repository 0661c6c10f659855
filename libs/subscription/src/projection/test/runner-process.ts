import pg from 'pg';

import { EsdbEventLog } from '#event-log/esdb.js';
import type { StoredEvent } from '#event-log/event-log.js';
import { LogTail } from '#event-log/log-tail.js';
import { ReadStore } from '#read-store/read-store.js';
import { requiredSetting } from '#testing/required-setting.js';

import { ProjectionRunner } from '../run-projections.js';
import { tally } from './tally.js';

// A projector of its own for the tests that kill or freeze one. `data` of an event can ask for
// `kill`, `freeze` (in the transaction, its rows written) or `fail`; CRASH_AT ends the process
// before the statement of that number.

const crashAt = Number(process.env['CRASH_AT'] ?? Infinity);
let statements = 0;
// eslint-disable-next-line @typescript-eslint/unbound-method -- called with its own `this` below
const send = pg.Client.prototype.query as (...args: unknown[]) => unknown;
pg.Client.prototype.query = function (this: pg.Client, ...args: unknown[]): unknown {
  statements += 1;
  if (statements === crashAt) process.kill(process.pid, 'SIGKILL');
  return send.apply(this, args);
} as typeof pg.Client.prototype.query;

let freeze = false;
const obey = ({ data }: StoredEvent): void => {
  if (data['kill'] === true) process.exit(1);
  if (data['fail'] === true) throw new Error('told to fail');
  if (data['freeze'] === true && process.env['FREEZES'] === 'yes') freeze = true;
};

const log = EsdbEventLog.connect(requiredSetting('EVENTSTORE_URL'));
const tail = new LogTail(log);
await tail.start();
const store = new ReadStore(requiredSetting('DATABASE_URL'));
const projection = tally({
  before: obey,
  afterSave: () => {
    if (freeze) process.kill(process.pid, 'SIGSTOP');
    freeze = false;
    return Promise.resolve();
  },
});
const runner = new ProjectionRunner([projection], { store, log, tail, pollMs: 100 });
await runner.start();
process.send?.({ type: 'ready' });

process.on('SIGTERM', () => {
  void runner.stop().then(() => process.exit(0));
});
process.on('disconnect', () => process.exit(0));
