import { devices } from '#projections/devices/devices.projection.js';
import { eventClock } from '#projections/event-clock/event-clock.projection.js';
import { intake } from '#projections/intake/intake.projection.js';
import { samples } from '#projections/samples/samples.projection.js';

import { type Answer, TestApi } from './api.fixture.js';

export type Body = Readonly<Record<string, unknown>>;

/** The API with the read models of what devices measured, one site, and short words for what tests ask. */
export class SamplesApi {
  private constructor(
    readonly api: TestApi,
    readonly site: string,
  ) {}

  /** `env`: of the node and the API. */
  static async start({
    timeZone = 'UTC',
    env = {},
  }: {
    readonly timeZone?: string;
    readonly env?: Readonly<Record<string, string>>;
  } = {}): Promise<SamplesApi> {
    const api = await TestApi.start(undefined, env);
    await api.project(samples, intake, devices, eventClock);
    const made = await api.ask('/v1/sites', { json: { name: 'house', timeZone } });
    return new SamplesApi(api, String(made.body['id']));
  }

  stop(): Promise<void> {
    return this.api.stop();
  }

  post(path: string, json: object): Promise<Answer> {
    return this.api.ask(`/v1${path}`, { json });
  }

  async get(path: string): Promise<Body> {
    return (await this.api.ask(`/v1${path}`)).body;
  }

  /** A device at the site. Resolves with its id. */
  async device(name: string, type = 'test'): Promise<string> {
    const made = await this.post('/devices', { type, siteId: this.site, name });
    return String(made.body['id']);
  }

  /** Resolves with the position after which it is visible. */
  async declare(device: string, series: string, declaration: object): Promise<string> {
    const json = { series, valueType: 'number', ...declaration };
    const answer = await this.post(`/devices/${device}/declare-series`, json);
    this.expectOk(answer);
    return String(answer.body['position']);
  }

  /** Resolves with the position after which they are visible. */
  async record(device: string, body: object): Promise<string> {
    const answer = await this.post(`/devices/${device}/samples`, body);
    this.expectOk(answer);
    return String(answer.body['position']);
  }

  expectOk({ status, body }: Answer): void {
    if (status >= 300) throw new Error(`answered ${String(status)}: ${JSON.stringify(body)}`);
  }
}
