import { setTimeout as sleep } from 'node:timers/promises';

import { type Admin, Kafka, logLevel, type Producer } from 'kafkajs';

/**
 * Resolves when the broker answers, its group coordinator answers and a transaction can begin: all
 * of them fail for a moment on a new broker and after a restart. Throws the last error after
 * `timeoutMs`, or at once what `gaveUp` throws.
 */
export async function waitUntilUsable(
  brokers: string,
  gaveUp: () => void,
  timeoutMs = 90_000,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    gaveUp();
    const { admin, producer } = probes(brokers);
    try {
      await use(admin, producer);
      return;
    } catch (error) {
      gaveUp();
      if (performance.now() > deadline) throw error;
    } finally {
      await Promise.allSettled([admin.disconnect(), producer.disconnect()]);
    }
    await sleep(100);
  }
}

/** New ones for each attempt: a client keeps what it learned of coordinators that have moved since. */
function probes(brokers: string): { admin: Admin; producer: Producer } {
  const kafka = new Kafka({
    brokers: brokers.split(','),
    clientId: 'readiness-probe',
    logLevel: logLevel.NOTHING,
    connectionTimeout: 1_000,
    requestTimeout: 5_000,
    retry: { retries: 1, initialRetryTime: 50 },
  });
  return {
    admin: kafka.admin(),
    // One of its own for each broker: those of a cluster are probed at the same time, and would fence each other.
    producer: kafka.producer({
      transactionalId: `readiness-probe-${brokers}`,
      maxInFlightRequests: 1,
    }),
  };
}

async function use(admin: Admin, producer: Producer): Promise<void> {
  await admin.connect();
  await admin.describeCluster();
  await admin.describeGroups(['readiness-probe']);
  await producer.connect();
  await (await producer.transaction()).abort();
}
