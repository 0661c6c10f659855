import type { ApiClient } from '#test/support/client.js';
import { startVoltrace } from '#test/support/voltrace.js';

import { quantile, type Row } from './report.js';

const events = 1_000;
const requests = 400;

/** One product with 1,000 events: its history and its state at a past position, one request after the other. */
export const benchHistory = async (dist: string): Promise<Row[]> => {
  const voltrace = await startVoltrace({
    dist,
    env: { RATE_LIMIT_PER_KEY: '100000000', RATE_LIMIT_PER_ADDRESS: '100000000' },
  });
  try {
    const { api } = voltrace;
    const { id, positions } = await productWithHistory(api);
    const history = await latencies(api, () => `/v1/products/${id}/history?limit=100`);
    const asOf = await latencies(
      api,
      (n) => `/v1/products/${id}?asOf=@${positions[(n * 37) % positions.length] ?? '0'}`,
    );
    const row = (path: string, ms: readonly number[]): Row => ({
      path,
      measured: `p50 ${quantile(ms, 0.5).toFixed(1)} ms, p99 ${quantile(ms, 0.99).toFixed(1)} ms`,
      target: 'p99 < 20 ms',
      met: quantile(ms, 0.99) < 20,
    });
    return [row('history of 1,000 events', history), row('as-of over 1,000 events', asOf)];
  } finally {
    await voltrace.remove();
  }
};

const productWithHistory = async (
  api: ApiClient,
): Promise<{ id: string; positions: readonly string[] }> => {
  await api.post('/v1/manufacturers', { name: 'Bench Works', code: 'BENCH', reason: 'bench' });
  const made = await api.post('/v1/products', {
    type: 'ProdBattery',
    manufacturer: 'Bench Works',
    model: 'BX-1',
    elements: {},
    reason: 'bench',
  });
  const id = String(made.body['id']);
  const positions = [String(made.body['position'])];
  for (let n = 1; n < events; n += 1) {
    const reply = await api.post(`/v1/products/${id}/set-elements`, {
      elements: { EnergyCapacityNominal: { value: `${n}.5`, unit: 'kWh' } },
      reason: 'bench',
    });
    if (reply.status !== 200) throw new Error(`set-elements: ${reply.status} ${reply.text}`);
    positions.push(String(reply.body['position']));
  }
  await api.persist(`/v1/products/${id}?after=${positions.at(-1) ?? ''}`);
  return { id, positions };
};

/** How long each of some requests takes, one after the other, in milliseconds. */
export const latencies = async (
  api: ApiClient,
  path: (n: number) => string,
  count = requests,
): Promise<readonly number[]> => {
  const taken: number[] = [];
  for (let n = 0; n < count; n += 1) {
    const began = performance.now();
    const reply = await api.get(path(n));
    taken.push(performance.now() - began);
    if (reply.status !== 200) throw new Error(`${path(n)}: ${reply.status} ${reply.text}`);
  }
  return taken;
};
