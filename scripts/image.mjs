// Builds the image by the lines of docker/Dockerfile where there is no container engine, and runs what it
// holds: read-only, as its user, without a network. `node scripts/image.mjs`; on Linux, as root.
import { chownSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';

import { configOf, stagesOf } from './image/dockerfile.mjs';
import { Image, inOwnNamespace, whyNotHere } from './image/layers.mjs';
import { everythingBelow, mebibytes, problemsOf } from './image/scan.mjs';

const why = whyNotHere();
if (why !== undefined) {
  console.log(`The image is not built here: ${why}.`);
  process.exit(process.env.VOLTRACE_REQUIRE_IMAGE === '1' ? 1 : 0);
}
if (!inOwnNamespace()) process.exit();

const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
const lock = JSON.parse(readFileSync('package-lock.json', 'utf8'));
const stages = stagesOf(readFileSync('docker/Dockerfile', 'utf8'));
const image = new Image('.', stages, readFileSync('.dockerignore', 'utf8'));
const startedAt = performance.now();
const seconds = () => `${((performance.now() - startedAt) / 1_000).toFixed(0)} s`;
const failures = [];
/** Of what is added to the base image, in MiB. */
const largest = { runtime: 130, standalone: 80 };
const check = (what, isSo, seen = '') => {
  console.log(`  ${isSo ? 'ok  ' : 'FAIL'} ${what}`);
  if (!isSo) failures.push(`${what}: ${seen}`);
};

/** A container that ends by itself. */
const run = async (name, words, env = {}) => {
  const volume = newVolume();
  let output = '';
  const running = image.start(name, words, volume, { env, onText: (text) => (output += text) });
  const code = await running.ended;
  rmSync(volume, { recursive: true });
  return { code, output };
};

const newVolume = () => {
  const folder = mkdtempSync(join(tmpdir(), 'voltrace-volume-'));
  const [uid, gid] = configOf(stages, 'voltrace').user.split(':').map(Number);
  chownSync(folder, uid, gid);
  return folder;
};

try {
  const base = /^node:([\d.]+)-/.exec(configOf(stages, 'voltrace').image)?.[1];
  if (base !== process.versions.node)
    console.log(`The base image has Node ${base}; here it is Node ${process.versions.node}.`);
  for (const name of ['voltrace', 'standalone'])
    image.build(name, (stage, step) =>
      console.log(`${seconds().padStart(6)}  ${stage}: ${step.slice(0, 110)}`),
    );

  console.log(`\nWhat the image holds (${seconds()})`);
  for (const name of ['runtime', 'standalone']) await checkTree(name);

  console.log(`\nThe command line (${seconds()})`);
  const told = await run('voltrace', ['voltrace', '--version']);
  check(
    `voltrace --version says ${version}`,
    told.code === 0 && told.output.trim() === version,
    told.output,
  );
  const help = await run('voltrace', ['voltrace', '--help']);
  check(
    'voltrace --help lists the commands',
    help.code === 0 && help.output.includes('subscriptions'),
    help.output,
  );
  const other = await run('voltrace', ['nonsense']);
  check(
    'another first word is refused with the apps',
    other.code === 64 && /projector/.test(other.output),
    other.output,
  );

  console.log(`\nEvery app, without its settings (${seconds()})`);
  const apps = join(image.changesOf('runtime'), 'app/dist/apps');
  for (const app of readdirSync(apps, { withFileTypes: true })) {
    if (!app.isDirectory() || ['ctl', 'standalone'].includes(app.name)) continue;
    const { code, output } = await run('voltrace', [app.name]);
    check(
      `${app.name} loads, and names what it needs`,
      code === 1 && / is not set; expected/.test(output),
      output,
    );
  }
  const bare = await run('voltrace', ['standalone']);
  check(
    'standalone says what this image lacks',
    bare.code === 1 && bare.output.includes('no PostgreSQL programs'),
    bare.output,
  );

  console.log(`\nEverything in one (${seconds()})`);
  await checkStandalone();
} finally {
  image.remove();
}
console.log(
  failures.length === 0 ? `\nThe image is fine (${seconds()}).` : `\n${failures.join('\n')}`,
);
process.exit(failures.length === 0 ? 0 : 1);

async function checkTree(name) {
  const layer = image.changesOf(name);
  const app = join(layer, 'app');
  const sizes = [
    `${mebibytes(layer)} MiB`,
    ...readdirSync(app).map((entry) => `${entry} ${sizeOf(join(app, entry))}`),
  ];
  console.log(`  ${name}: ${sizes.join(', ')}`);
  check(`at most ${largest[name]} MiB`, mebibytes(layer) <= largest[name]);
  const problems = problemsOf(app, lock);
  check(
    'no dependency of development, test, map of others or secret; root alone may write',
    problems.length === 0,
    problems.slice(0, 20).join('\n  '),
  );
  const users = /^etc\/(passwd|group|shadow|gshadow|subuid|subgid|\.pwd\.lock)-?$/;
  const outside = [...everythingBelow(layer)]
    .filter(({ path, stat }) => !stat.isDirectory() && !path.startsWith('app/'))
    .map(({ path }) => path)
    .filter((path) => path !== 'usr/local/bin/voltrace' && !users.test(path));
  check('nothing outside of /app but the command and the user', outside.length === 0, outside);
}

function sizeOf(path) {
  try {
    return `${mebibytes(path)} MiB`;
  } catch {
    return 'a file';
  }
}

async function checkStandalone() {
  const config = configOf(stages, 'standalone');
  const volume = newVolume();
  let output = '';
  // What it reads from a file it hands on to its parts itself, which refuse both.
  const secret = 'level';
  writeFileSync(join(volume, secret), 'debug\n');
  const running = image.start('standalone', config.command, volume, {
    env: { LOG_LEVEL_FILE: join(config.volumes[0], secret) },
    onText: (text) => (output += text),
  });
  const inside = (...words) => image.exec('standalone', running.pid, words);
  try {
    let healthy = 1;
    for (let tries = 0; tries < 120 && healthy !== 0; tries++) {
      await sleep(500);
      healthy = inside(...config.healthcheck).status;
    }
    check('becomes healthy, as the health check of the image says', healthy === 0, output);
    const found = inside('voltrace', '--json', 'products', 'find');
    check(
      'voltrace in the container reaches it',
      found.status === 0 && /"items"/.test(found.stdout),
      found.stderr,
    );
    const key = inside('sh', '-c', 'touch /app/x; touch /tmp/x; id -u');
    check(
      'its user can write nowhere else',
      /Read-only[^]*Read-only/.test(key.stderr) && key.stdout.trim() === config.user.split(':')[0],
      key.stderr,
    );
    const logs = inside('sh', '-c', 'cat $VOLTRACE_DATA_DIR/logs/*.log');
    check('takes a setting from a file', /"level":"debug"/.test(logs.stdout), logs.stderr);
    const { status } = inside('env', 'PORT=9', 'HEALTH_PORT=10', ...config.healthcheck);
    check('the health check fails where nobody listens', status === 1, String(status));
  } finally {
    const from = performance.now();
    running.stop();
    const code = await running.ended;
    const ms = performance.now() - from;
    check(
      `stops in order in ${(ms / 1_000).toFixed(1)} s`,
      code === 0 && ms < 10_000,
      `${code} ${output}`,
    );
    rmSync(volume, { recursive: true });
  }
}
