import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { CommandObserver } from '#observability/command-observer.js';
import { Logger } from '#observability/logging.js';
import { Metrics } from '#observability/metrics.js';
import { commandMeta } from '#testing/decider-spec.js';

import { Imports } from './imports.js';
import { ImportBench } from './testing/import-bench.js';

const content = 'EntityCode,ProdMfr_Value__cleaned,ProdMfr_Value__cec\nMANY,Many Times,Many Inc.\n';
const options = { kind: 'manufacturers', issueCodes: true, file: null } as const;

let bench: ImportBench;
let processes: readonly Imports[];
beforeAll(async () => {
  bench = await ImportBench.start();
  processes = [bench.tools, bench.another()].map(
    (tools) => new Imports(tools, bench.queue, observer()),
  );
});
afterAll(async () => {
  await bench.stop();
});

const observer = () =>
  new CommandObserver(
    Logger.create({ app: 'test', level: 'silent' }),
    new Metrics({ processMetrics: false }),
  );

const commandIdOf = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;

const send = (imports: Imports, n: number) =>
  imports.receive(
    new Blob([content]).stream(),
    options,
    commandMeta({ commandId: commandIdOf(n) }),
  );

describe('one file that is sent twenty times at once', () => {
  it('is taken each time, as the same import, whichever process it is sent to', async () => {
    const sent = await Promise.allSettled(
      Array.from({ length: 20 }, (_, n) => send(processes[n % 2]!, n)),
    );
    const refused = sent.filter(({ status }) => status === 'rejected');
    expect(refused).toEqual([]);
    const ids = sent.map((one) => (one.status === 'fulfilled' ? one.value.id : undefined));
    expect(new Set(ids).size).toBe(1);
    expect(await bench.state(ids[0] ?? '')).toMatchObject({ status: 'received', requested: 1 });
  });

  it('is taken once where it is one request that is repeated', async () => {
    const [first] = processes;
    if (!first) throw new Error('no process');
    const sent = await Promise.all(Array.from({ length: 20 }, () => send(first, 99)));
    expect(sent.map(({ outcome }) => outcome)).not.toContain('unchanged');
    const own = (await bench.events('import')).filter(
      ({ metadata }) => metadata.commandId === commandIdOf(99),
    );
    expect(own).toHaveLength(1);
  });
});
