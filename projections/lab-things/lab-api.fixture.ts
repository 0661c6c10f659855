import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type Answer, TestApi } from '#apps/api/api.fixture.js';

import { eventClock } from '../event-clock/event-clock.projection.js';
import { productCatalog } from '../product-catalog/product-catalog.projection.js';
import { labThings } from './lab-things.projection.js';

import 'reflect-metadata';

export const idOf = ({ body }: Answer): string => String(body['id']);
export const after = ({ body }: Answer) => ({ after: String(body['position']) });
export const codeOf = ({ status, body }: Answer): readonly unknown[] => [status, body['code']];
export const pointersOf = ({ body }: Answer): readonly string[] =>
  (body['errors'] as readonly { pointer: string }[]).map(({ pointer }) => pointer);
export const itemsOf = ({ body }: Answer) =>
  body['items'] as readonly Readonly<Record<string, unknown>>[];

let made = 0;
/** A name that nothing has yet. */
export const fresh = (word: string): string => {
  made += 1;
  return `${word} ${String(made)}`;
};

export const limits = {
  ...{ voltageV: { min: 2, max: 3.6 }, currentA: { min: -10, max: 5 } },
  temperatureC: { min: 0, max: 45 },
};

/** The API with the read models of a lab, and what a lab has at least. */
export class LabApi {
  private constructor(
    readonly api: TestApi,
    readonly folder: string,
  ) {}

  static async start(): Promise<LabApi> {
    const api = await TestApi.start();
    await api.project(labThings, eventClock, productCatalog);
    return new LabApi(api, mkdtempSync(join(tmpdir(), 'voltrace-lab-')));
  }

  async stop(): Promise<void> {
    await this.api.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  post(path: string, json: object = {}): Promise<Answer> {
    return this.api.ask(`/v1${path}`, { json });
  }

  get(path: string, query: Readonly<Record<string, string>> = {}): Promise<Answer> {
    return this.api.ask(`/v1${path}?${new URLSearchParams(query).toString()}`);
  }

  battery(more: object = {}): Promise<Answer> {
    return this.post('/batteries', {
      ...{ name: 'cell', manufacturer: 'A123', model: 'ANR', serialNumber: fresh('SN') },
      ...{ technology: 'lithium', chemistry: 'LFP', nominalCapacityAh: 2.3, cellsInSeries: 1 },
      ...{ limits, ...more },
    });
  }

  device(more: object = {}): Promise<Answer> {
    return this.post('/cycler-devices', {
      ...{ type: 'cycler', manufacturer: 'WattRex', model: 'EPC', serialNumber: fresh('SN') },
      ...{ ranges: { voltageV: { min: 0, max: 6 }, currentA: { min: -15, max: 15 } }, ...more },
    });
  }

  async unit(): Promise<Answer> {
    const deviceId = idOf(await this.post('/devices', { type: 'cycler-unit' }));
    return this.post('/units', { deviceId, name: fresh('pi') });
  }

  async station(devices: readonly Answer[], more: object = {}): Promise<Answer> {
    return this.post('/stations', {
      ...{ name: fresh('station'), unitId: idOf(await this.unit()), measures: [] },
      ...{ devices: devices.map((one) => ({ deviceId: idOf(one), role: 'power' })), ...more },
    });
  }
}
