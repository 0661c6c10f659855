import { check, folder, integer } from '#process/config.js';
import { logEnvironment, supervisionEnvironment } from '#process/environment.js';

/** The environment of a simulated unit; `docs/configuration.md` is generated from it. */
export const simEnvironment = {
  MQTT_URL: check('a URL such as mqtt://127.0.0.1:1883', (input) => /^mqtts?:\/\/[^/]/.test(input))(
    {
      default: 'mqtt://127.0.0.1:1883',
      desc: 'Broker that the unit connects to.',
    },
  ),
  UNIT_ID: check('the id of a device', (input) => /^[A-Za-z0-9_-]{1,64}$/.test(input))({
    desc: 'Id of the unit, which is that of its device on the link.',
  }),
  UNIT_SECRET: check(
    'the secret of a credential',
    (input) => input.length > 0,
  )({
    desc: 'Secret of a credential of that device.',
  }),
  SIM_FOLDER: folder({
    default: '.voltrace/cycler-sim',
    desc: 'Folder of what the unit has to send and knows of itself, of `witness.ndjson` (what was in truth whenever an output was switched), and of `faults.ndjson`: faults written there, one JSON object a line, happen once and the file is removed.',
  }),
  SIM_OUTPUTS: integer(0, 64)({ default: 1, desc: 'Outputs with a cell each.' }),
  SIM_SERIAL: check('letters, digits, - and _, 40 at most', (input) => /^[\w-]{1,40}$/.test(input))(
    {
      default: 'SIM',
      desc: 'Begin of the serial numbers of the outputs: `SIM-1` and so on.',
    },
  ),
  SIM_SPEED: integer(
    1,
    10_000,
  )({ default: 1, desc: 'Simulated seconds that pass in a real one. Leases are real.' }),
  SIM_START_DAYS_AGO: integer(
    0,
    3_650,
  )({
    default: 0,
    desc: 'Where simulated time begins: so many days before now. It runs ahead of the real one where it is faster.',
  }),
  SIM_STEP_MS: integer(10, 10_000)({ default: 1_000, desc: 'Longest step of simulated time, ms.' }),
  SIM_SEED: integer(0, 2_147_483_647)({ default: 1, desc: 'Seed of the noise of the sensors.' }),
  SIM_CELL_MAH: integer(10, 10_000_000)({ default: 2_600, desc: 'Capacity of each cell, mAh.' }),
  SIM_CELL_TABLES: folder({
    default: undefined,
    desc: 'Folder with the tables of a measured cell (`ecm_example_ocv.csv`, `_r0`, `_r1`, `_c1`); an analytic cell where it is absent.',
  }),
  SIM_SOC_PERCENT: integer(0, 100)({ default: 50, desc: 'State of charge of new cells, %.' }),
  SIM_AMBIENT_C: integer(-30, 60)({ default: 25, desc: 'Temperature around the cells, °C.' }),
  SIM_RANGE_A: integer(1, 100_000)({ default: 20, desc: 'Current that an output gives, A.' }),
  SIM_CHANNELS: integer(
    0,
    100,
  )({ default: 0, desc: 'Measures of each output beside voltage, current and temperature.' }),
  SIM_LEASE_MS: integer(
    0,
    3_600_000,
  )({
    default: 15_000,
    desc: 'For how long a lease holds at most, ms; without one the outputs are off. 0: none is needed.',
  }),
  SIM_BUFFER_BYTES: integer(
    65_536,
    10_737_418_240,
  )({ default: 67_108_864, desc: 'Bytes of messages that are kept; the oldest samples go.' }),
  ...logEnvironment,
  ...supervisionEnvironment,
};
