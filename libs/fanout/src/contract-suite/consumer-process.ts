import pg from 'pg';

import { EsdbEventLog } from '#event-log/esdb.js';
import { LogTail } from '#event-log/log-tail.js';
import { ReadStore } from '#read-store/read-store.js';
import { logSource } from '#subscription/log-source.js';
import { SubscriptionRunner } from '#subscription/runner.js';
import type { Source } from '#subscription/source.js';
import { quiet } from '#testing/quiet.js';
import { requiredSetting } from '#testing/required-setting.js';

import { ConsumerFollower } from '../consumer-follower.js';
import type { Fact } from '../fact.js';
import type { KafkaSettings } from '../kafka.js';
import { kafkaSource } from '../kafka-source/kafka-reader.js';
import { counterContract } from '../relay/test/counter-contract.js';
import { ledger } from './ledger.js';

/** CRASH_AT ends the process before the statement of that number. */
const crashOnStatement = (crashAt: number): void => {
  let statements = 0;
  // eslint-disable-next-line @typescript-eslint/unbound-method -- called with its own `this` below
  const send = pg.Client.prototype.query as (...args: unknown[]) => unknown;
  pg.Client.prototype.query = function (this: pg.Client, ...args: unknown[]): unknown {
    statements += 1;
    if (statements === crashAt) process.kill(process.pid, 'SIGKILL');
    return send.apply(this, args);
  } as typeof pg.Client.prototype.query;
};

const sourceOf = (log: EsdbEventLog, tail: LogTail): Source<Fact> => {
  if (requiredSetting('SOURCE') === 'log') return logSource(log, tail);
  const settings: KafkaSettings = {
    KAFKA_BROKERS: requiredSetting('KAFKA_BROKERS'),
    KAFKA_NAMESPACE: requiredSetting('KAFKA_NAMESPACE'),
    KAFKA_TLS: 'off',
    KAFKA_SASL_MECHANISM: undefined,
    KAFKA_SASL_USERNAME: undefined,
    KAFKA_SASL_PASSWORD: undefined,
  };
  return kafkaSource(settings, quiet, { sessionTimeoutMs: 6_000 });
};

/**
 * A ledger in a process of its own, for the tests that kill or freeze one. Facts ask for `kill`, and for
 * `freeze` (in the transaction, its rows written), which is heeded once where FREEZES is set.
 */
const run = async (): Promise<void> => {
  crashOnStatement(Number(process.env['CRASH_AT'] ?? Infinity));
  const log = EsdbEventLog.connect(requiredSetting('EVENTSTORE_URL'));
  const tail = new LogTail(log);
  await tail.start();
  const store = new ReadStore(requiredSetting('DATABASE_URL'));
  const consumer = ledger({
    before: ({ data }) => {
      if (data['does'] === 'kill') process.exit(1);
    },
    after: (facts) => {
      const freezes = facts.some(({ data }) => data['does'] === 'freeze');
      if (freezes && process.env['FREEZES'] !== undefined) {
        delete process.env['FREEZES'];
        process.kill(process.pid, 'SIGSTOP');
      }
      return Promise.resolve();
    },
  });
  const follower = new ConsumerFollower(consumer, [counterContract]);
  const runner = new SubscriptionRunner(follower, sourceOf(log, tail), { store, log, tail });
  await runner.start();
  process.send?.({ type: 'ready' });
  process.on('SIGTERM', () => {
    void runner.stop().then(() => process.exit(0));
  });
  process.on('disconnect', () => process.exit(0));
};

await run();
