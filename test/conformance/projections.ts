import { setTimeout as sleep } from 'node:timers/promises';

import { ANY } from '@eventstore/db-client';
import { describe } from 'vitest';

import { newCategory, newType, ofType, readDerived, streamOf } from './derived.js';
import { openStore } from './store.js';
import { appendTo } from './support.js';
import { external, target } from './target.js';

/** How long links are waited for, where whether they ever come is not known. */
const PROBE_MS = 10_000;

/** Whether links to an event that was just written arrive in the streams of its category and its type. */
const areRunning = async (): Promise<boolean> => {
  const store = await openStore();
  try {
    const [category, type] = [newCategory('probe'), newType('Probe')];
    await appendTo(store, streamOf(category), ofType(type), ANY);
    const hasLink = async (stream: string): Promise<boolean> =>
      (await readDerived(store, stream)).length > 0;
    const haveLinks = async (): Promise<boolean> =>
      (await hasLink(`$ce-${category}`)) && hasLink(`$et-${type}`);
    const end = performance.now() + PROBE_MS;
    while (performance.now() < end) {
      if (await haveLinks()) return true;
      await sleep(100);
    }
    return false;
  } finally {
    await store.stop();
  }
};

const REASON = '[skipped: the standard projections are not running]';

// Asked before the tests are named: the runner knows no other way to say why they are not run.
const run = external === undefined || target === 'node' || (await areRunning());

/** For what a server's standard projections do, which may be off: then the tests are skipped, and say so. */
export const describeDerived = (title: string, tests: () => void): void => {
  if (run) describe(title, tests);
  else describe.skip(`${title} ${REASON}`, tests);
};
