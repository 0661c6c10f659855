import { wallNow } from '#kernel/wall-clock.js';
import { runProcess } from '#process/run-process.js';

import { loadCell } from './cell/load-cell.js';
import { simEnvironment } from './config.js';
import { CyclerSim } from './cycler-sim.js';

const noise = { voltageV: 0.0002, currentA: 0.0005, temperatureC: 0.02 };
/** As after kill -9: nothing is said and nothing is written any more. */
const killedExitCode = 137;

runProcess({
  name: 'cycler-sim',
  environment: simEnvironment,
  start: (context, config) => {
    const { logger } = context;
    const model = loadCell(config.SIM_CELL_MAH / 1_000, config.SIM_CELL_TABLES);
    const rangeA = config.SIM_RANGE_A;
    const numbers = (count: number) => Array.from({ length: count }, (_, index) => index + 1);
    const outputs = numbers(config.SIM_OUTPUTS).map((number) => ({
      serialNumber: `${config.SIM_SERIAL}-${number}`,
      settings: {
        ...{ model, noise, ambientC: config.SIM_AMBIENT_C, soc: config.SIM_SOC_PERCENT / 100 },
        ...{ seed: config.SIM_SEED + number, stepS: config.SIM_STEP_MS / 1_000, stuckS: 60 },
        ranges: {
          voltageV: { min: 0, max: 6 },
          currentA: { min: -rangeA, max: rangeA },
          temperatureC: { min: -40, max: 85 },
        },
        channels: numbers(config.SIM_CHANNELS).map((channel) => `temperature${channel}C`),
      },
    }));
    const sim = new CyclerSim(
      {
        ...{ url: config.MQTT_URL, device: config.UNIT_ID, secret: config.UNIT_SECRET },
        ...{ folder: config.SIM_FOLDER, maxBytes: config.SIM_BUFFER_BYTES },
        ...{
          speed: config.SIM_SPEED,
          beginS: wallNow() / 1_000 - config.SIM_START_DAYS_AGO * 86_400,
        },
        unit: {
          ...{ outputs, flushS: 1 },
          leaseS: config.SIM_LEASE_MS === 0 ? undefined : config.SIM_LEASE_MS / 1_000,
        },
      },
      logger,
      () => process.exit(killedExitCode),
    );
    context.onStop(() => sim.stop());
    context.health.register('link', () =>
      sim.isConnected ? { status: 'up' } : { status: 'down', reason: 'not connected' },
    );
    return Promise.resolve({ outputs: outputs.map(({ serialNumber }) => serialNumber) });
  },
});
