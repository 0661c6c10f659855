import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect } from 'vitest';

import type { ApiClient } from '#test/support/client.js';
import { startVoltrace, type Voltrace } from '#test/support/voltrace.js';
import { AppProcesses } from '#testing/app-processes.js';
import { compiledRoot } from '#testing/build.js';
import { eventually, until } from '#testing/until.js';

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
    readonly voltrace: Voltrace,
    readonly mqttUrl: string,
  ) {}

  static async start(env: Readonly<Record<string, string>> = {}): Promise<LabSystem> {
    const voltrace = await startVoltrace({
      dist: compiledRoot,
      env: { RATE_LIMIT_PER_KEY: '1000000', RATE_LIMIT_PER_ADDRESS: '1000000', ...env },
    });
    const { parts } = JSON.parse(readFileSync(join(voltrace.dataDir, 'run.json'), 'utf8')) as {
      parts: Record<string, { port: number }>;
    };
    return new LabSystem(voltrace, `mqtt://127.0.0.1:${String(parts['mqtt-broker']?.port)}`);
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
    const number = String((this.made += 1));
    const name = `station ${number}`;
    const unitId = String((await this.post('/v1/devices', { type: 'cycler-unit' }))['id']);
    const { secret } = await this.post(`/v1/devices/${unitId}/issue-credential`);
    await this.post('/v1/units', { deviceId: unitId, name: `unit of ${name}` });
    const serial = `S${number}`;
    const deviceId = String(
      (
        await this.post('/v1/cycler-devices', {
          ...{ type: 'cycler', manufacturer: 'Voltrace', model: 'Simulated cycler' },
          serialNumber: `${serial}-1`,
          ranges: { voltageV: { min: 0, max: 6 }, currentA: { min: -20, max: 20 } },
        })
      )['id'],
    );
    const stationId = String(
      (
        await this.post('/v1/stations', {
          ...{ name, unitId, measures: [], devices: [{ deviceId, role: 'power' }] },
        })
      )['id'],
    );
    const folder = join(this.folder, serial);
    const station = new Station(this, stationId, unitId, folder, `${serial}-1`, () =>
      this.apps.start(join(compiledRoot, 'apps/cycler-sim/main.js'), {
        ...{ MQTT_URL: this.mqttUrl, UNIT_ID: unitId, UNIT_SECRET: String(secret) },
        ...{ SIM_FOLDER: folder, SIM_SERIAL: serial, SIM_SPEED: '1000' },
        ...{ SIM_START_DAYS_AGO: '30', HEALTH_PORT: '0', LOG_LEVEL: 'info', ...env },
      }),
    );
    await station.startUnit();
    return station;
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

  /** Kills a process of the system, which is started again at once. */
  kill(name: string, signal: 'SIGKILL' | 'SIGSTOP' = 'SIGKILL'): void {
    const part = this.voltrace.children().find((one) => one.name === name);
    if (part) process.kill(part.pid, signal);
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

export class Station {
  private app: ReturnType<AppProcesses['start']> | undefined;

  constructor(
    private readonly lab: LabSystem,
    readonly id: string,
    readonly unitId: string,
    private readonly folder: string,
    private readonly output: string,
    private readonly start: () => ReturnType<AppProcesses['start']>,
  ) {}

  async startUnit(): Promise<void> {
    this.app = this.start();
    await this.app.ready;
  }

  /** As a loss of power. */
  async killUnit(): Promise<void> {
    this.app?.signal('SIGKILL');
    await this.app?.ended;
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

  /** Has something go wrong, or be well again. Resolves when the unit knows. */
  async inject(fault: object, output: object = { output: this.output }): Promise<void> {
    const file = join(this.folder, 'faults.ndjson');
    // At once: the unit may look between its making and its writing.
    writeFileSync(`${file}.new`, `${JSON.stringify({ ...fault, ...output })}\n`);
    renameSync(`${file}.new`, file);
    await until('the unit takes the fault', () => !existsSync(file));
  }

  witness(): readonly Witness[] {
    const lines = readFileSync(join(this.folder, 'witness.ndjson'), 'utf8').split('\n');
    return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Witness);
  }
}

/** Resolves with the experiment when its status is one of these. */
export const experimentIn = (
  lab: LabSystem,
  id: string,
  statuses: readonly string[],
  timeoutMs?: number,
): Promise<Body> =>
  eventually(async () => {
    const experiment = await lab.get(`/v1/experiments/${id}`);
    expect(statuses, JSON.stringify(experiment)).toContain(experiment['status']);
    return experiment;
  }, timeoutMs);
