import { describe, expect, it } from 'vitest';

import { welcome } from './welcome.js';

const running = {
  version: '0.1.0',
  url: 'http://127.0.0.1:8080',
  mqttPort: 1883,
  dataDir: '.voltrace',
  logFolder: '.voltrace/logs',
  keyFile: '.voltrace/admin.key',
  dataDirChosen: false,
};

describe('what is shown when all runs', () => {
  it('says where everything is and what to try, in lines of a terminal', () => {
    const lines = welcome(running);
    expect(lines).toEqual([
      'Voltrace 0.1.0 is ready: http://127.0.0.1:8080',
      '  docs     http://127.0.0.1:8080/docs',
      '  metrics  http://127.0.0.1:8080/metrics (with the key)',
      '  mqtt     mqtt://127.0.0.1:1883',
      '  key      .voltrace/admin.key',
      '  data     .voltrace',
      '  logs     .voltrace/logs',
      '  try      npx voltrace import manufacturers examples/manufacturers.csv',
      '  stop     Ctrl-C',
    ]);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(100);
  });

  it('names a data folder that was chosen in the command, too', () => {
    expect(welcome({ ...running, dataDir: '/srv/v', dataDirChosen: true })).toContain(
      '  try      VOLTRACE_DATA_DIR=/srv/v npx voltrace import manufacturers examples/manufacturers.csv',
    );
  });
});
