import { setTimeout as sleep } from 'node:timers/promises';

import { type LoggedEvent, logIsSound, wholeLog } from '../checks.js';
import type { Victims } from './disturb.js';
import { experimentLogs } from './experiment-log.js';
import { labFaults } from './invariants.js';
import { chargeFaults, loggedPoints, recordFaults, witnessFaults } from './records.js';
import { statisticsFaults } from './statistics.js';
import { readUnit } from './unit-record.js';

const patienceMs = 60_000;

/** What is wrong with experiments that have ended; waits for what units still have to say. */
export const labRoundFaults = async (
  victims: Victims,
  ids: readonly string[],
): Promise<readonly string[]> => {
  const { lab, units, stations } = victims;
  const end = performance.now() + patienceMs;
  let log = await wholeLog(lab.api);
  let missing = missingFaults(victims, ids, log);
  while (missing.length > 0 && performance.now() < end) {
    await sleep(1_000);
    log = await wholeLog(lab.api);
    missing = missingFaults(victims, ids, log);
  }
  const logs = experimentLogs(log).filter(({ id }) => ids.includes(id));
  const witness = units.flatMap((unit) => unit.witness());
  return [
    ...missing,
    ...logIsSound(log),
    ...labFaults(log),
    ...logs.flatMap((one) => chargeFaults(one, loggedPoints(log, one.id), witness)),
    ...stations.flatMap(({ output }) =>
      witnessFaults(
        output,
        witness.filter(({ serialNumber }) => serialNumber === output),
        log,
      ),
    ),
    ...(await quarantineFaults(victims)),
    ...(await Promise.all(
      ids.map((id) => statisticsFaults(lab.api, id, loggedPoints(log, id))),
    ).then((all) => all.flat())),
  ];
};

const missingFaults = (
  { units }: Victims,
  ids: readonly string[],
  log: readonly LoggedEvent[],
): readonly string[] => {
  const sent = units.flatMap(({ folder }) => readUnit(folder).samples);
  return experimentLogs(log)
    .filter(({ id }) => ids.includes(id))
    .flatMap((one) => recordFaults(one, loggedPoints(log, one.id), sent));
};

/** What units said that nobody could take. */
const quarantineFaults = async ({ lab, units }: Victims): Promise<readonly string[]> => {
  const faults: string[] = [];
  for (const { id } of units) {
    const { body } = await lab.api.persist(`/v1/quarantine?deviceId=${id}`);
    for (const { id: message } of (body['items'] ?? []) as readonly { readonly id: string }[]) {
      const one = (await lab.api.persist(`/v1/quarantine/${message}`)).body;
      faults.push(
        `in quarantine: ${JSON.stringify(one['problems'])} ${String(one['text']).slice(0, 400)}`,
      );
    }
  }
  return faults;
};
