import { EventStoreDBClient } from '@eventstore/db-client';
import { describe, expect, it } from 'vitest';

import { newEvent } from '#testing/new-event.js';
import { startOwnNode } from '#testing/test-node.js';

import { BatchAppender } from './batch-appender.js';
import { EsdbEventLog } from './esdb.js';
import { OutcomeUnknown } from './event-log.js';
import {
  type AppendRequest,
  closeAfterwards,
  confirmed,
  connected,
  foundEvent,
  serving,
  timedOutAppend,
} from './wire-server.fixture.js';

const stream = 'counter-w';
const event = newEvent('Counted', { by: 1 });

describe('an append', () => {
  it('takes the late answer to its first attempt, also after the connection was given up', async () => {
    let attempts = 0;
    const log = await connected({
      onAppend: (_, answer) => {
        attempts += 1;
        // As a server does that drops repetitions until the original is indexed.
        if (attempts === 1) setTimeout(answer, 4_500, confirmed(0, 77));
      },
    });
    expect(await log.append(stream, [event], 'no_stream')).toEqual({
      revision: 0n,
      position: { commit: 77n, prepare: 77n },
    });
    expect(attempts).toBe(3);
  });

  it('is repeated as soon as the server says that it timed out', async () => {
    let attempts = 0;
    const log = await connected({
      onAppend: (request, answer) => {
        attempts += 1;
        answer(attempts === 1 ? timedOutAppend(request) : confirmed(0, 77));
      },
    });
    const started = performance.now();
    await log.append(stream, [event], 'no_stream');
    expect(attempts).toBe(2);
    // Silence would be taken for an outage after 2 s.
    expect(performance.now() - started).toBeLessThan(1_500);
  });

  it('that the server says to have timed out is unknown at once', async () => {
    const { url } = await serving({
      onAppend: (request, answer) => {
        answer(timedOutAppend(request));
      },
    });
    const client = EventStoreDBClient.connectionString(url);
    const appender = new BatchAppender(client);
    closeAfterwards(() => client.dispose());
    closeAfterwards(() => {
      appender.close();
    });
    await expect(appender.append(stream, [event], 'no_stream', 10_000)).rejects.toMatchObject({
      name: OutcomeUnknown.name,
      message: 'Timeout',
    });
  });

  it('sends no deadline, which would be a time of our clock', async () => {
    const requests: AppendRequest[] = [];
    const log = await connected({
      onAppend: (request, answer) => {
        requests.push(request);
        answer(confirmed(0, 77));
      },
    });
    await log.append(stream, [event], 'no_stream');
    const sent = requests.flatMap((request) =>
      Object.entries(request.getOptions()?.toObject() ?? {}),
    );
    expect(sent.find(([name]) => name === 'streamPosition')).toBeDefined();
    expect(
      sent.filter(
        ([name, value]: [string, unknown]) => name.startsWith('deadline') && value !== undefined,
      ),
    ).toEqual([]);
  });

  it('that is confirmed without a position takes the position of its event', async () => {
    const log = await connected({
      onAppend: (_, answer) => {
        answer(confirmed(4));
      },
      onRead: (call) => {
        call.write(foundEvent(event.id, 4, 99));
        call.end();
      },
    });
    expect(await log.append(stream, [event], 3n)).toEqual({
      revision: 4n,
      position: { commit: 99n, prepare: 99n },
    });
  });

  it('that is confirmed where the event of another stands is unknown', async () => {
    const log = await connected({
      onAppend: (_, answer) => {
        answer(confirmed(4));
      },
      onRead: (call) => {
        call.write(foundEvent(newEvent('Counted', { by: 1 }).id, 4, 99));
        call.end();
      },
    });
    await expect(log.append(stream, [event], 3n)).rejects.toThrow(OutcomeUnknown);
  });

  it('succeeds when the event store stands still for 3.5 s', async () => {
    const node = await startOwnNode();
    const log = EsdbEventLog.connect(node.url);
    closeAfterwards(() => node.stop());
    closeAfterwards(() => log.close());
    await log.head();
    await node.kill('SIGSTOP');
    setTimeout(() => void node.kill('SIGCONT'), 3_500);
    expect((await log.append(stream, [event], 'no_stream')).revision).toBe(0n);
    expect((await log.append(stream, [event], 'no_stream')).revision).toBe(0n);
  });
});
