import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { runCtl } from '#testing/standalone.js';

import { after, codeOf, fresh, idOf, itemsOf, LabApi, pointersOf } from './lab-api.fixture.js';

let lab: LabApi;
beforeAll(async () => {
  lab = await LabApi.start();
}, 60_000);
afterAll(() => lab.stop());

const program = {
  steps: [
    { do: 'cccv', cRate: 0.5, voltageV: 3.6, until: [{ currentA: 0.05 }] },
    { do: 'cc', cRate: -1, until: [{ voltageV: 2.8 }] },
  ],
};

describe('a profile', () => {
  it('has a version for each program, and none for the same one', async () => {
    const name = fresh('ageing');
    const first = await lab.post('/profiles', { name, program, reason: 'first' });
    expect(first.status).toBe(201);
    expect(codeOf(await lab.post('/profiles', { name, program }))).toEqual([
      409,
      'PROFILE_NAME_TAKEN',
    ]);
    const path = `/profiles/${idOf(first)}`;
    const reordered = {
      steps: program.steps.map(({ do: kind, ...rest }) => ({ ...rest, do: kind })),
    };
    const same = await lab.post(`${path}/revise`, { program: reordered });
    expect(same.headers.get('command-outcome')).toBe('unchanged');
    const rest = { steps: [{ do: 'rest', until: [{ timeS: 600 }] }] };
    const second = await lab.post(`${path}/revise`, { program: rest });
    const shown = await lab.get(path, after(second));
    expect(shown.body).toMatchObject({ name, description: '', version: 2, program: rest });
    const listed = itemsOf(await lab.get('/profiles', { name }));
    expect(listed).toMatchObject([{ id: idOf(first), version: 2, hash: shown.body['hash'] }]);
    expect(listed[0]).not.toHaveProperty('program');
    expect(itemsOf(await lab.get(`${path}/versions`))).toMatchObject([
      ...[
        { version: 1, program, reason: 'first' },
        { version: 2, program: rest },
      ],
    ]);
    expect(itemsOf(await lab.get(`${path}/versions`, { version: '1' }))).toHaveLength(1);
    const then = await lab.get(path, { asOf: `@${String(first.body['position'])}` });
    expect(then.body).toMatchObject({ version: 1, program });
    const retired = await lab.post(`${path}/retire`);
    expect(itemsOf(await lab.get(`${path}/history`, after(retired)))).toHaveLength(3);
  });

  it('is written as JSON, as text or as sentences; what is wrong is named', async () => {
    const bodies = [
      { text: 'WAIT, 600' },
      { sentences: 'Rest for 10 min' },
      { program: { steps: [{ do: 'rest', until: [{ timeS: 600 }] }] } },
    ];
    const ids = [];
    for (const body of bodies)
      ids.push(idOf(await lab.post('/profiles', { name: fresh('p'), ...body })));
    const last = await lab.post('/profiles', { name: fresh('p'), ...bodies[0] });
    const hashes = [];
    for (const id of ids) hashes.push((await lab.get(`/profiles/${id}`, after(last))).body['hash']);
    expect([hashes.length, new Set(hashes).size]).toEqual([3, 1]);
    const refused = async (body: object) => {
      const answer = await lab.post('/profiles', { name: 'wrong', ...body });
      return [...(codeOf(answer) as []), ...(pointersOf(answer) as [])];
    };
    expect(await refused({})).toEqual([400, 'PROGRAM_FORM_INVALID', '/program']);
    expect(await refused({ text: 'CC, two, VOLTAGE, 4.2' })).toEqual([
      ...[422, 'PROGRAM_TEXT_INVALID', '/text'],
    ]);
    expect(await refused({ sentences: 'Charge the cell' })).toEqual([
      ...[422, 'PROGRAM_TEXT_INVALID', '/sentences'],
    ]);
    const wrong = { program: { steps: [{ do: 'rest' }, { do: 'boil' }] } };
    expect(await refused(wrong)).toEqual([
      ...[400, 'PROGRAM_INVALID', '/program/steps/0/until', '/program/steps/1/do'],
    ]);
  });
});

describe('a profile that follows a drive cycle', () => {
  const csv = 'time_s,current_a\n0,0\n1,-2.5\n2.5,1\n';
  const drives = [{ name: 'us06', csv }];
  const points = [
    [0, 0],
    [1, -2.5],
    [2.5, 1],
  ];

  it('has the points of its file in the program, which is what is hashed', async () => {
    const bodies = [
      { drives },
      { drives, sentences: 'Follow "us06"' },
      { drives, program: { steps: [{ do: 'drive', file: 'us06' }] } },
      { program: { steps: [{ do: 'drive', quantity: 'current', points }] } },
    ];
    const made = [];
    for (const body of bodies)
      made.push(await lab.post('/profiles', { name: fresh('d'), ...body }));
    const shown = [];
    for (const one of made) {
      shown.push((await lab.get(`/profiles/${idOf(one)}`, after(made.at(-1)!))).body);
    }
    expect(new Set(shown.map(({ hash }) => hash)).size).toBe(1);
    expect(shown[0]).toMatchObject({ program: bodies.at(-1)!.program });
  });

  it('is refused by the line of its file, or by the step that follows none', async () => {
    const refused = async (body: object) => {
      const { body: answer } = await lab.post('/profiles', { name: 'wrong', ...body });
      return (answer['errors'] as { pointer: string; reason: string }[]).map(
        ({ pointer, reason }) => `${pointer} ${reason}`,
      );
    };
    const wrong = [{ name: 'us06', csv: 'time_s,current_a\n0,0\n1,x\n' }];
    expect(await refused({ drives: wrong })).toEqual([
      '/drives/0/csv line 3, column 3: expected a number with a decimal point',
    ]);
    expect(await refused({ drives, program: { steps: [{ do: 'drive', file: 'wltp' }] } })).toEqual([
      '/program/steps/0/file expected us06',
    ]);
    expect(await refused({ drives: [...drives, ...drives] })).toEqual([
      '/drives/1/name expected one that no other has',
    ]);
    expect(await refused({ drives, text: 'WAIT, 5' })).toEqual([
      '/drives expected none beside text',
    ]);
  });
});

describe('the check of a profile', () => {
  it('says whether it fits a battery at a station, and how long it takes', async () => {
    const one = await lab.device();
    const at = { batteryId: idOf(await lab.battery()), stationId: idOf(await lab.station([one])) };
    const profile = await lab.post('/profiles', { name: fresh('p'), program });
    const path = `/profiles/${idOf(profile)}/check`;
    const { body } = await lab.get(path, at);
    expect(body).toMatchObject({
      ...{ profileId: idOf(profile), version: 1, fits: true, notCalibrated: [idOf(one)] },
      estimate: { steps: [{ stepId: 1, executions: 1 }, { stepId: 2 }] },
    });
    expect((body['estimate'] as { totalS: number }).totalS).toBeGreaterThan(3_600);
    const weak = await lab.device({ ranges: { currentA: { min: -1, max: 1 } } });
    const small = await lab.get(path, { ...at, stationId: idOf(await lab.station([weak])) });
    expect(small.body).toMatchObject({ fits: false, estimate: null });
    expect(small.body['findings']).toContainEqual({
      ...{ pointer: '/steps/1/cRate', severity: 'error', code: 'OUTSIDE_DEVICE_RANGE' },
      message: expect.stringContaining('WattRex EPC') as string,
    });
    expect(pointersOf(await lab.get(path, { batteryId: at.batteryId }))).toEqual(['?stationId']);
    const none = await lab.get(path, { ...at, version: '2' });
    expect(codeOf(none)).toEqual([404, 'PROFILE_VERSION_UNKNOWN']);
    await lab.post(`/profiles/${idOf(profile)}/revise`, { sentences: 'Rest for 10 min' });
    const rest = await lab.get(path, at);
    expect(rest.body).toMatchObject({ version: 2, estimate: { totalS: 600, atMostS: 600 } });
    expect((await lab.get(path, { ...at, version: '1' })).body).toMatchObject({ version: 1 });
  });
});

describe('the command line', () => {
  const ctl = async (...args: string[]): Promise<string> => {
    const env = { VOLTRACE_URL: lab.api.url, VOLTRACE_API_KEY: lab.api.admin };
    const { exitCode, stdout, stderr } = await runCtl(lab.folder, ['lab', ...args], env);
    if (exitCode !== 0) throw new Error(`${String(exitCode)}: ${stderr}`);
    return stdout;
  };
  const file = (name: string, text: string): string => {
    writeFileSync(join(lab.folder, name), text);
    return join(lab.folder, name);
  };

  it('registers what a lab has, by names and serial numbers, and shows it', async () => {
    const unitId = idOf(await lab.post('/devices', { type: 'cycler-unit' }));
    const ranges = ['--voltage', '0..4.2', '--current', '-10..5', '--temperature', '0..45'];
    await Promise.all([
      ctl(
        ...['batteries', 'add', 'cell', '--manufacturer', 'Sony', '--model', 'VTC6'],
        ...['--serial-number', 'CLI-1', '--technology', 'lithium', '--chemistry', 'NCA'],
        ...['--nominal-capacity-ah', '3', ...ranges],
      ),
      ctl(
        ...['devices', 'add', 'cycler', '--manufacturer', 'WattRex', '--model', 'EPC'],
        ...['--serial-number', 'CLI-2', '--voltage', '0..6', '--current', '-15..15'],
      ),
      ctl('units', 'add', 'cli-pi', '--device-id', unitId),
    ]);
    const calibration = ['--certificate', 'C-9', '--calibrated-on', '2026-02-11'];
    await Promise.all([
      ctl(
        ...['devices', 'record-calibration', 'CLI-2', ...calibration],
        ...['--valid-until', '2027-02-10', '--channel', 'voltage=1.0004,-0.0012'],
      ),
      ctl(
        ...['stations', 'add', 'cli station', '--unit', 'cli-pi', '--device', 'CLI-2:power'],
        ...['--measure', 'temp=CLI-2/temp_body:degC', '--location', 'Room 2'],
      ),
      ctl('batteries', 'revise-limits', 'CLI-1', ...ranges.with(1, '2.5..4.2')),
      ctl('units', 'request-detection', 'cli-pi'),
    ]);
    const found = async (path: string, query: Readonly<Record<string, string>>) =>
      itemsOf(await lab.get(path, query))[0];
    expect(await found('/stations', { name: 'cli station' })).toMatchObject({
      ...{ unitId, location: 'Room 2', devices: [{ role: 'power' }] },
      measures: [{ name: 'temp', channel: 'temp_body', unit: 'degC' }],
    });
    const [list, shown, day] = await Promise.all([
      ctl('batteries', 'list', '--serial-number', 'CLI-1'),
      ctl('batteries', 'show', 'CLI-1'),
      ctl('devices', 'calibration', 'CLI-2', '--on', '2026-03-01'),
    ]);
    expect(list).toContain('VTC6');
    expect(shown).toContain('"voltageV":{"max":4.2,"min":2.5}');
    expect(day).toBe('Calibrated on 2026-03-01 by C-9, until 2027-02-10.\n');
    await expect(ctl('batteries', 'show', 'CLI-0')).rejects.toThrow(
      '1: There is no battery in use with the serialNumber "CLI-0".',
    );
  });

  it('defines profiles from files of each form, and says what changed of one', async () => {
    const text = file('old.txt', 'WAIT, 600\nCC, 2.0, VOLTAGE, 4.2\n');
    const sentences = file('new.txt', 'Rest for 10 min\nCharge at 2 A until 4.2 V\n');
    await ctl('profiles', 'add', 'cli profile', text);
    const same = await ctl('profiles', 'revise', 'cli profile', '--file', sentences);
    expect(same).toBe('Done: revision 0.\n');
    const json = file('p.json', JSON.stringify(program));
    await ctl('profiles', 'revise', 'cli profile', '--file', json, '--reason', 'faster');
    const named = ['--battery', 'CLI-1', '--station', 'cli station'];
    const check = await ctl('profiles', 'check', 'cli profile', ...named);
    expect(check).toMatch(/^It fits, and takes about \d+ h \d+ min\.\n/);
    const sentenced = await ctl('profiles', 'program', 'cli profile', '--version', '1');
    expect(JSON.parse(sentenced)).toMatchObject({ steps: [{ do: 'rest' }, { do: 'cc' }] });
    const history = await ctl('profiles', 'history', 'cli profile');
    expect(history).toMatch(/ProfileDefined[^]*ProfileRevised[^]*faster/);
  });
});
