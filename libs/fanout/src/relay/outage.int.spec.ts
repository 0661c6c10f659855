import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import type { ISocketFactory } from 'kafkajs';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';

import { describeWithKafkaPrograms } from '#testing/kafka/describe-with-kafka.js';
import { type OwnKafka, ownKafka } from '#testing/kafka/shared.js';
import { startTcpProxy, type TcpProxy } from '#testing/tcp-proxy.js';
import { until } from '#testing/until.js';

import { RelayFixture, type RunningRelay } from './test/fixture.js';

const streams = Array.from({ length: 6 }, (_, index) => `counter-${String(index)}`);
/** Its number in Kafka's protocol. */
const endTxn = 26;
const client = { requestTimeout: 2_000, connectionTimeout: 1_000 };
/** For what is not to fail: a busy broker takes longer than that. */
const patientMs = 60_000;

describeWithKafkaPrograms('a relay whose broker fails', () => {
  let own: OwnKafka;
  let stores: RelayFixture;
  let fixture: RelayFixture;
  let proxy: TcpProxy;

  beforeAll(async () => {
    own = await ownKafka();
    proxy = await startTcpProxy(own.broker.port);
    stores = await RelayFixture.start(own.brokers);
  });

  afterAll(async () => {
    await stores.stop();
    await proxy.close();
    await own.dispose();
  });

  beforeEach(async () => {
    proxy.mode = 'open';
    fixture = stores.withNewTopics();
    await fixture.count(20, streams);
  });

  afterEach(async () => {
    proxy.mode = 'open';
    proxy.cut();
    await fixture.stopRelays();
  });

  /** Called when a request to end a transaction is about to be sent. */
  let onEndTxn: () => void = () => undefined;

  /** The broker says its own address to everybody: who is to go through the line is led there. */
  const throughProxy = {
    ...client,
    socketFactory: (({ onConnect }) => {
      const socket = connect({ host: '127.0.0.1', port: proxy.port }, onConnect);
      const write = socket.write.bind(socket) as (request: Buffer, encoding: 'binary') => boolean;
      socket.write = ((request: Buffer, encoding: 'binary') => {
        // Behind the length of the request stands what is asked for.
        if (request.readInt16BE(4) === endTxn) onEndTxn();
        return write(request, encoding);
      }) as typeof socket.write;
      return socket;
    }) as ISocketFactory,
  };

  /**
   * A relay that meets a failure of the line once, when it is about to commit its first records. Only
   * there it is impatient: what is counted is what one failure leads to.
   */
  const failing = (fail: () => void): RunningRelay => {
    let reconciled = false;
    let failed = false;
    return fixture.run({
      client: {
        ...throughProxy,
        // Asked with each session that is opened.
        get requestTimeout() {
          return failed ? patientMs : client.requestTimeout;
        },
      },
      step: (step) => {
        if (step === 'reconciled') reconciled = true;
        // Before that it sends the first position.
        if (failed || !reconciled || step !== 'sent') return;
        failed = true;
        onEndTxn = () => {
          onEndTxn = () => undefined;
          fail();
        };
      },
    });
  };

  const waits = async ({ status }: RunningRelay, reason: RegExp): Promise<void> => {
    await until(
      () => `waits for ${String(reason)}, not ${String(status.reason)}`,
      () => status.state === 'waiting' && reason.test(status.reason ?? ''),
    );
  };

  it('publishes a transaction once whose commit was done and never confirmed', async () => {
    const relay = failing(() => {
      proxy.mode = 'lose-replies';
    });
    await waits(relay, /EndTxn.*timed out/);
    proxy.mode = 'open';
    proxy.cut();
    await fixture.count(20, streams);
    await fixture.published(relay);
    await fixture.compare();
    // What was confirmed to nobody is on Kafka all the same, and was not sent a second time.
    expect(relay.status.published).toBe(streams.length * 16);
  });

  it('sends a transaction again whose commit never arrived', async () => {
    const relay = failing(() => {
      proxy.mode = 'dead';
    });
    await waits(relay, /timed out/);
    proxy.mode = 'open';
    proxy.cut();
    await fixture.count(20, streams);
    await fixture.published(relay);
    await fixture.compare();
    expect(relay.status.published).toBe((await fixture.countedInLog()).length);
  });

  it('goes on after a connection that broke in a transaction', async () => {
    const relay = failing(() => proxy.cut());
    await fixture.count(20, streams);
    await fixture.published(relay);
    await fixture.compare();
  });

  it('waits for a broker that was killed, says so, and goes on', async () => {
    const relay = fixture.run({ client });
    await fixture.published(relay);
    await own.broker.kill();
    await fixture.count(20, streams);
    await waits(relay, /ECONNREFUSED|closed connection/i);
    await own.broker.restart();
    await fixture.published(relay);
    await until('works', () => relay.status.state === 'working');
    await fixture.compare();
  });

  it('waits for a broker that stands still, says so, and goes on', async () => {
    const relay = fixture.run({ client });
    await fixture.published(relay);
    await own.broker.kill('SIGSTOP');
    await fixture.count(20, streams);
    await waits(relay, /timed out|find group coordinator/);
    await own.broker.kill('SIGCONT');
    await fixture.published(relay);
    await fixture.compare();
  });

  it('lets another one try when it is the only one that cannot reach the broker', async () => {
    const cutOff = fixture.run({ client: throughProxy, yieldAfterMs: 3_000 });
    await fixture.published(cutOff);
    const other = fixture.run({ client });
    await until('stands by', () => other.status.state === 'standby');
    proxy.mode = 'dead';
    await fixture.count(20, streams);
    await fixture.published(other);
    await until('stands by', () => cutOff.status.state === 'standby');
    await fixture.compare();
  });

  it('starts before the broker does', async () => {
    await own.broker.kill();
    const relay = fixture.run({ client });
    await waits(relay, /ECONNREFUSED/);
    await own.broker.restart();
    await fixture.published(relay);
    await fixture.compare();
  });

  it('stops at once while the broker stands still', async () => {
    // It would wait for an answer for longer than this test may take.
    const relay = fixture.run({ client: { requestTimeout: 3_600_000 } });
    await fixture.published(relay);
    await own.broker.kill('SIGSTOP');
    try {
      await fixture.count(1, streams);
      await sleep(500);
      const stopped = relay.stop().then(() => true);
      expect(await Promise.race([stopped, sleep(30_000, false, { ref: false })])).toBe(true);
    } finally {
      await own.broker.kill('SIGCONT');
    }
  });
});
