import { setTimeout as sleep } from 'node:timers/promises';

import type { ApiClient } from '#test/support/client.js';
import type { Voltrace } from '#test/support/voltrace.js';

import { cpuSeconds } from '../cpu.js';
import { isFollower } from './system-cpu.js';

const windowMs = 500;
/** Share of a core that followers take at most while nothing comes. */
const restingShare = 0.1;
const patienceMs = 120_000;

/** Waits until whoever follows the log has nothing left to do: their CPU belongs to what was sent. */
export const followersRest = async (voltrace: Voltrace): Promise<void> => {
  const taken = (): number =>
    voltrace
      .children()
      .filter(({ name }) => isFollower(name))
      .reduce((sum, { pid }) => sum + cpuSeconds(pid), 0);
  const until = performance.now() + patienceMs;
  for (;;) {
    const before = taken();
    await sleep(windowMs);
    if (taken() - before < (restingShare * windowMs) / 1_000) return;
    if (performance.now() > until) throw new Error('the followers do not come to rest');
  }
};

/** How many events the log got while `work` ran. */
export const eventsDuring = async (api: ApiClient, work: () => Promise<void>): Promise<number> => {
  const from = await newPosition(api);
  await work();
  const reply = await api.persist(`/v1/events?from=${from}`);
  const lines = reply.text.split('\n').filter((line) => line !== '');
  if (!(lines.at(-1) ?? '').includes('"atEnd"')) throw new Error('the replay is incomplete');
  return lines.length - 1;
};

let marks = 0;
/** The position of an event that is the newest one. */
export const newPosition = async (api: ApiClient): Promise<string> => {
  marks += 1;
  const reply = await api.post('/v1/manufacturers', {
    name: `Mark ${String(marks)}`,
    reason: 'the end of the log',
  });
  if (reply.status !== 201) throw new Error(`no mark could be set: ${reply.text}`);
  return String(reply.body['position']);
};
