import { setTimeout as sleep } from 'node:timers/promises';

import type { ApiClient } from '#test/support/client.js';

import { type Charge, differs, integralOf, type Point } from './records.js';

const patienceMs = 60_000;
const paths = ['cycles', 'step-statistics'] as const;

/** Whether the statistics of the steps and of the cycles of an experiment add up to its records; waits for the consumer. */
export const statisticsFaults = async (
  api: ApiClient,
  id: string,
  points: readonly Point[],
): Promise<readonly string[]> => {
  const wanted = integralOf(points);
  const read = async (): Promise<readonly string[]> => {
    const faults: string[] = [];
    for (const path of paths) {
      const found = await sumOf(api, `/v1/experiments/${id}/${path}`);
      if (typeof found === 'string') faults.push(found);
      else if (differs(found, wanted)) {
        faults.push(`${id}: ${path} ${JSON.stringify(found)}, records ${JSON.stringify(wanted)}`);
      }
    }
    return faults;
  };
  let faults = points.length > 0 ? await read() : [];
  for (const end = performance.now() + patienceMs; faults.length > 0; faults = await read()) {
    if (performance.now() > end) break;
    await sleep(500);
  }
  return faults;
};

const sumOf = async (api: ApiClient, path: string): Promise<Charge | string> => {
  const { status, text, body } = await api.persist(`${path}?limit=1000`);
  if (status !== 200) return `${path} answered ${String(status)}: ${text.slice(0, 300)}`;
  const items = body['items'] as readonly Charge[];
  const sum = (name: keyof Charge): number => items.reduce((all, item) => all + item[name], 0);
  return { chargeAh: sum('chargeAh'), dischargeAh: sum('dischargeAh') };
};
