import pg from 'pg';

import { EsdbEventLog } from '#event-log/esdb.js';
import { LogTail } from '#event-log/log-tail.js';
import { ReadStore } from '#read-store/read-store.js';
import { quiet } from '#testing/quiet.js';
import { requiredSetting } from '#testing/required-setting.js';

import { ConsumerRunner } from '../consumer/runner.js';
import { type Fact, Publication } from '../fact.js';
import type { KafkaSettings } from '../kafka.js';
import { kafkaTransport } from '../transport/kafka-transport.js';
import { logTransport } from '../transport/log-transport.js';
import type { Transport } from '../transport/transport.js';
import { ledger } from './ledger.js';
import { tallyContract } from './tally-contract.js';

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

const transportOf = (log: EsdbEventLog, tail: LogTail): Transport => {
  if (requiredSetting('TRANSPORT') === 'log') {
    return logTransport(log, tail, new Publication([tallyContract]));
  }
  const settings: KafkaSettings = {
    KAFKA_BROKERS: requiredSetting('KAFKA_BROKERS'),
    KAFKA_NAMESPACE: requiredSetting('KAFKA_NAMESPACE'),
    KAFKA_TLS: 'off',
    KAFKA_SASL_MECHANISM: undefined,
    KAFKA_SASL_USERNAME: undefined,
    KAFKA_SASL_PASSWORD: undefined,
  };
  return kafkaTransport(settings, [tallyContract], quiet, { sessionTimeoutMs: 6_000 });
};

/**
 * A ledger in a process of its own, for the tests that kill or freeze one. Facts ask for `kill`, and for
 * `freeze` (in the transaction, its rows written), which is heard where FREEZES is set.
 */
const run = async (): Promise<void> => {
  crashOnStatement(Number(process.env['CRASH_AT'] ?? Infinity));
  const log = EsdbEventLog.connect(requiredSetting('EVENTSTORE_URL'));
  const tail = new LogTail(log);
  await tail.start();
  const store = new ReadStore(requiredSetting('DATABASE_URL'));
  const asks = (facts: readonly Fact[], what: string): boolean =>
    facts.some(({ data }) => data['does'] === what);
  const consumer = ledger({
    before: (fact) => {
      if (asks([fact], 'kill')) process.exit(1);
    },
    after: (facts) => {
      if (asks(facts, 'freeze') && process.env['FREEZES'] !== undefined) {
        delete process.env['FREEZES'];
        process.kill(process.pid, 'SIGSTOP');
      }
      return Promise.resolve();
    },
  });
  const transport = transportOf(log, tail);
  const runner = new ConsumerRunner(consumer, transport, { store, log, tail });
  await runner.start();
  process.send?.({ type: 'ready' });
  process.on('SIGTERM', () => {
    void runner.stop().then(() => process.exit(0));
  });
  process.on('disconnect', () => process.exit(0));
};

await run();
