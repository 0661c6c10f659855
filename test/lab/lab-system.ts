import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { freePort } from '#embedded/free-port.js';
import { familyOf } from '#test/support/children.js';
import type { ApiClient } from '#test/support/client.js';
import { type StartOptions, startVoltrace, type Voltrace } from '#test/support/voltrace.js';
import { AppProcesses } from '#testing/app-processes.js';
import { compiledRoot } from '#testing/build.js';
import { until } from '#testing/until.js';

type Body = Readonly<Record<string, unknown>>;

/** What was in truth at an output when it was switched, as the unit wrote it down for itself. */
export interface Witness {
  readonly serialNumber: string;
  readonly wallMs: number;
  readonly experiment?: string;
  readonly chargeAh: number;
  readonly dischargeAh: number;
  readonly voltageV: number;
  readonly currentA: number;
  readonly state: string;
  readonly output: 'on' | 'off';
}

/** A whole system as it is installed, with a unit whose cells are simulated, and stations at its outputs. */
export class LabSystem {
  private readonly apps = new AppProcesses();
  readonly folder = mkdtempSync(join(tmpdir(), 'voltrace-lab-'));
  private made = 0;

  private constructor(
    private readonly options: StartOptions,
    private running: Voltrace,
    /** Of its broker. */
    readonly mqttUrl: string,
  ) {}

  static async start(env: Readonly<Record<string, string>> = {}): Promise<LabSystem> {
    // Units find it again after a restart.
    const mqttPort = String(await freePort());
    const limits = { RATE_LIMIT_PER_KEY: '1000000', RATE_LIMIT_PER_ADDRESS: '1000000' };
    const options = { dist: compiledRoot, env: { MQTT_PORT: mqttPort, ...limits, ...env } };
    const running = await startVoltrace(options);
    return new LabSystem(options, running, `mqtt://127.0.0.1:${mqttPort}`);
  }

  get voltrace(): Voltrace {
    return this.running;
  }

  /** Stops it, does something to its data, and starts it again. Units go on meanwhile. */
  async restart(meanwhile: (dataDir: string) => Promise<void>): Promise<void> {
    const { dataDir } = this.running;
    await this.running.stop();
    await meanwhile(dataDir);
    this.running = await startVoltrace({ ...this.options, dataDir });
  }

  get api(): ApiClient {
    return this.voltrace.api;
  }

  async post(path: string, body: object = {}): Promise<Body> {
    const { status, body: answer } = await this.api.post(path, body);
    if (status >= 300) throw new Error(`${path}: ${String(status)} ${JSON.stringify(answer)}`);
    return answer;
  }

  async get(path: string): Promise<Body> {
    const { status, body: answer } = await this.api.get(path);
    if (status >= 300) throw new Error(`${path}: ${String(status)} ${JSON.stringify(answer)}`);
    return answer;
  }

  /** A unit with one output that runs, and its station. */
  async newStation(env: Readonly<Record<string, string>> = {}): Promise<Station> {
    const [station] = await this.newStations(1, env);
    if (!station) throw new Error('there is no station');
    return station;
  }

  /** A unit with so many outputs that runs, and a station at each. */
  async newStations(outputs: number, env: Readonly<Record<string, string>> = {}) {
    const number = String((this.made += 1));
    const unitId = String((await this.post('/v1/devices', { type: 'cycler-unit' }))['id']);
    const { secret } = await this.post(`/v1/devices/${unitId}/issue-credential`);
    await this.post('/v1/units', { deviceId: unitId, name: `unit ${number}` });
    const serial = `S${number}`;
    const folder = join(this.folder, serial);
    const unit = new UnitProcess(unitId, folder, () =>
      this.apps.start(join(compiledRoot, 'apps/cycler-sim/main.js'), {
        ...{ MQTT_URL: this.mqttUrl, UNIT_ID: unitId, UNIT_SECRET: String(secret) },
        ...{ SIM_FOLDER: folder, SIM_SERIAL: serial, SIM_SPEED: '1000' },
        ...{ SIM_OUTPUTS: String(outputs), SIM_START_DAYS_AGO: '30' },
        ...{ HEALTH_PORT: '0', LOG_LEVEL: 'info', ...env },
      }),
    );
    const stations: Station[] = [];
    for (let output = 1; output <= outputs; output += 1) {
      stations.push(await this.stationAt(unit, `${serial}-${String(output)}`));
    }
    await unit.start();
    return stations;
  }

  private async stationAt(unit: UnitProcess, serialNumber: string): Promise<Station> {
    const device = {
      ...{ type: 'cycler', manufacturer: 'Voltrace', model: 'Simulated cycler', serialNumber },
      ranges: { voltageV: { min: 0, max: 6 }, currentA: { min: -20, max: 20 } },
    };
    const { id: deviceId } = await this.post('/v1/cycler-devices', device);
    const { id } = await this.post('/v1/stations', {
      ...{ name: `station of ${serialNumber}`, unitId: unit.id, measures: [] },
      devices: [{ deviceId, role: 'power' }],
    });
    return new Station(this, String(id), unit, serialNumber);
  }

  async newBattery(): Promise<string> {
    this.made += 1;
    const { id } = await this.post('/v1/batteries', {
      ...{ name: 'cell', manufacturer: 'Voltrace', model: 'analytic' },
      ...{ serialNumber: `B${String(this.made)}`, technology: 'lithium', chemistry: 'NMC' },
      ...{ nominalCapacityAh: 2.6, cellsInSeries: 1 },
      limits: {
        ...{ voltageV: { min: 2.4, max: 4.25 }, currentA: { min: -6, max: 6 } },
        temperatureC: { min: 0, max: 60 },
      },
    });
    return String(id);
  }

  async newProfile(program: object): Promise<string> {
    this.made += 1;
    const { id } = await this.post('/v1/profiles', {
      name: `profile ${String(this.made)}`,
      program,
    });
    return String(id);
  }

  /** Kills a process of the system, which is started again at once. False: it is not there now. */
  kill(name: string): boolean {
    const part = this.voltrace.children().find((one) => one.name === name);
    return part !== undefined && process.kill(part.pid, 'SIGKILL');
  }

  /** Has a process of the system stand still, with those that it has started. Undefined: it is not there now. */
  freeze(name: string): { thaw(): void } | undefined {
    const part = this.voltrace.children().find((one) => one.name === name);
    if (!part) return undefined;
    const frozen = familyOf(part.pid).filter((pid) => signal(pid, 'SIGSTOP'));
    return { thaw: () => frozen.forEach((pid) => signal(pid, 'SIGCONT')) };
  }

  /** Another process of an app, beside that of the system and on its stores. It ends with the lab. */
  another(app: string, env: Readonly<Record<string, string>>): ReturnType<AppProcesses['start']> {
    const { env: own } = this.options;
    const stores = { ...own, HEALTH_PORT: '0', LOG_LEVEL: 'info', ...env };
    return this.apps.start(join(compiledRoot, `apps/${app}/main.js`), stores);
  }

  /** Resolves when it runs again. */
  async isBack(name: string): Promise<void> {
    await until(`${name} is back`, () => this.voltrace.children().some((one) => one.name === name));
  }

  async stop(): Promise<void> {
    await this.apps.kill();
    await this.voltrace.remove();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** False: it is gone. */
const signal = (pid: number, name: 'SIGSTOP' | 'SIGCONT'): boolean => {
  try {
    return process.kill(pid, name);
  } catch {
    return false;
  }
};

/** The process of a simulated unit. */
export class UnitProcess {
  private app: ReturnType<AppProcesses['start']> | undefined;

  constructor(
    readonly id: string,
    readonly folder: string,
    private readonly begin: () => ReturnType<AppProcesses['start']>,
  ) {}

  get pid(): number | undefined {
    return this.app?.pid;
  }

  async start(): Promise<void> {
    this.app = this.begin();
    await this.app.ready;
  }

  /** As a loss of power. */
  async kill(): Promise<void> {
    this.app?.signal('SIGKILL');
    await this.app?.ended;
  }

  /** Has something go wrong, or be well again. Resolves when the unit knows. */
  async inject(fault: object): Promise<void> {
    const file = join(this.folder, 'faults.ndjson');
    // At once: the unit may look between its making and its writing.
    writeFileSync(`${file}.new`, `${JSON.stringify(fault)}\n`);
    renameSync(`${file}.new`, file);
    await until('the unit takes the fault', () => !existsSync(file));
  }

  witness(): readonly Witness[] {
    const file = join(this.folder, 'witness.ndjson');
    if (!existsSync(file)) return [];
    const lines = readFileSync(file, 'utf8').split('\n');
    return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Witness);
  }
}

/** An output of a unit with a station at it. */
export class Station {
  constructor(
    private readonly lab: LabSystem,
    readonly id: string,
    readonly unit: UnitProcess,
    readonly output: string,
  ) {}

  get unitId(): string {
    return this.unit.id;
  }

  startUnit(): Promise<void> {
    return this.unit.start();
  }

  /** As a loss of power. */
  killUnit(): Promise<void> {
    return this.unit.kill();
  }

  /** Queues an experiment; resolves with its id. */
  async queue(program: object, batteryId?: string): Promise<string> {
    const { id } = await this.lab.post('/v1/experiments', {
      name: 'test',
      batteryId: batteryId ?? (await this.lab.newBattery()),
      stationId: this.id,
      profileId: await this.lab.newProfile(program),
    });
    return String(id);
  }

  /** As `UnitProcess.inject`, at this output. */
  inject(fault: object, output: object = { output: this.output }): Promise<void> {
    return this.unit.inject({ ...fault, ...output });
  }

  witness(): readonly Witness[] {
    return this.unit.witness().filter(({ serialNumber }) => serialNumber === this.output);
  }
}

/** Resolves with the experiment when its status is one of these. */
export const experimentIn = async (
  lab: LabSystem,
  id: string,
  statuses: readonly string[],
  timeoutMs?: number,
): Promise<Body> => {
  let experiment: Body = {};
  await until(
    () => `one of ${statuses.join(', ')}: ${JSON.stringify(experiment)}`,
    async () => {
      const { status, body } = await lab.api.persist(`/v1/experiments/${id}`);
      if (status === 200) experiment = body;
      // It runs by its first step, before its unit has answered: until then nothing else is asked of it.
      const isAnswered = !['start', 'resume'].includes(String(experiment['instruction']));
      return statuses.includes(String(experiment['status'])) && isAnswered;
    },
    timeoutMs,
  );
  return experiment;
};
