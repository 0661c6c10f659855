import type { ApiClient, Reply } from '#test/support/client.js';

import type { PublishedRecord } from './published.js';

/** A value for each device, series and time. */
export type Values = Readonly<Record<string, number>>;

const start = Date.parse('2026-05-04T23:58:00.000Z');
const stepMs = 20_000;
const rows = 10;

const at = (index: number): string => new Date(start + index * stepMs).toISOString();

/** Three devices whose samples come in pieces that go over midnight, again, and against what came before. */
export class House {
  /** What is to be found on the topics, and nothing else. */
  readonly published = [
    ...['SiteRegistered', 'DeviceRegistered', 'DeviceAttached', 'SeriesLearnt', 'SeriesDeclared'],
    ...['SamplesRecorded', 'SampleCorrected', 'SeriesRetentionSet', 'FormulaDefined'],
  ].map((type) => `voltrace.telemetry.${type}.v1`);

  private constructor(
    private readonly api: ApiClient,
    private readonly devices: readonly string[],
  ) {}

  static async start(api: ApiClient): Promise<House> {
    const { id: siteId } = await done(api.post('/v1/sites', { name: 'house', timeZone: 'UTC' }));
    const devices: string[] = [];
    for (const name of ['meter', 'battery', 'charger']) {
      const made = await done(api.post('/v1/devices', { type: 'meter', siteId, name }));
      devices.push(String(made['id']));
      const declared = { series: 'P', valueType: 'number', unit: 'kW' };
      await done(api.post(`/v1/devices/${String(made['id'])}/declare-series`, declared));
    }
    const formula = { expression: 'meter.P - battery.P' };
    await done(api.post(`/v1/sites/${String(siteId)}/formulas/net/define`, formula));
    // What is issued here is nobody else's concern: it must not be on a topic.
    await done(api.post(`/v1/devices/${String(devices[0])}/issue-credential`, {}));
    return new House(api, devices);
  }

  /** In each round every device sends a piece twice, and a piece of the last round with other values. */
  async measure(rounds: number, meanwhile: (round: number) => void): Promise<void> {
    for (let round = 0; round < rounds; round += 1) {
      for (const [nth, device] of this.devices.entries()) {
        const piece = pieceOf(round, nth);
        await this.send(device, piece);
        if (nth === 1) meanwhile(round);
        const again = await this.send(device, piece);
        if (again['repeated'] === 0) throw new Error('the same piece was recorded twice');
        if (round > 0) await this.send(device, pieceOf(round - 1, nth + 100));
      }
    }
    const [device = ''] = this.devices;
    const correction = { series: 'P', at: at(3), value: -1, reason: 'misread' };
    await done(this.api.post(`/v1/devices/${device}/correct-sample`, correction));
    const retention = { series: 'P', days: 400, reason: 'the law' };
    await done(this.api.post(`/v1/devices/${device}/set-retention`, retention));
    // After the correction, which stands.
    await this.send(device, pieceOf(0, 200));
  }

  /** As the API answers them. */
  async values(): Promise<Values> {
    const values: Record<string, number> = {};
    const { position } = await done(
      this.api.post('/v1/sites', { name: 'the last', timeZone: 'UTC' }),
    );
    for (const device of this.devices) {
      const range = `from=${at(-1)}&to=${at(1_000)}&limit=1000&after=${String(position)}`;
      const path = `/v1/devices/${device}/samples?series=P,${second}&${range}`;
      const { items } = (await done(this.api.persist(path))) as unknown as {
        items: readonly { series: string; at: string; value: number }[];
      };
      for (const one of items) values[`${device} ${one.series} ${one.at}`] = one.value;
    }
    return values;
  }

  private send(device: string, body: object): Promise<Reply['body']> {
    return done(this.api.post(`/v1/devices/${device}/samples`, body));
  }
}

/** Learnt, where the other one is declared. */
const second = 'Q';

const pieceOf = (round: number, offset: number): object => ({
  t0: at(round * rows),
  dt: stepMs,
  series: {
    P: { unit: 'kW', values: Array.from({ length: rows }, (_, row) => offset + row / 8) },
    [second]: { values: Array.from({ length: rows }, (_, row) => (row === 4 ? null : row)) },
  },
});

const done = async (sent: Promise<Reply>): Promise<Reply['body']> => {
  const { status, text, body } = await sent;
  if (status >= 300) throw new Error(`answered ${String(status)}: ${text}`);
  return body;
};

interface Recorded {
  readonly device: string;
  readonly blocks: readonly {
    readonly t0: string;
    readonly t: readonly number[];
    readonly series: Readonly<Record<string, { readonly values: readonly (number | null)[] }>>;
  }[];
}

interface Corrected {
  readonly device: string;
  readonly series: string;
  readonly at: string;
  readonly value: number;
}

/** By what the messages say of themselves: the first value of a time counts until it is corrected. */
export const valuesByReader = (records: readonly PublishedRecord[]): Values => {
  const values: Record<string, number> = {};
  const corrected: Record<string, number> = {};
  for (const { type, data } of records) {
    if (type === 'voltrace.telemetry.SampleCorrected.v1') {
      const { device, series, at: when, value } = data as unknown as Corrected;
      corrected[`${device} ${series} ${when}`] = value;
      continue;
    }
    const { device, blocks } = data as unknown as Recorded;
    for (const { t0, t, series } of blocks) {
      for (const [name, column] of Object.entries(series)) {
        for (const [row, value] of column.values.entries()) {
          const when = new Date(Date.parse(t0) + (t[row] ?? NaN)).toISOString();
          if (value !== null) values[`${device} ${name} ${when}`] ??= value;
        }
      }
    }
  }
  return { ...values, ...corrected };
};
