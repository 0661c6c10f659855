// Runs the stages of a Dockerfile without a container engine: each in a mount namespace of its own, over this
// machine's file system in place of the base image, with what it changes in a folder (overlayfs). Linux, root.
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, posix, resolve } from 'node:path';

import { configOf, contextFilter, stageNamed } from './dockerfile.mjs';

/** Why nothing can be built here; undefined where it can. */
export function whyNotHere() {
  if (process.platform !== 'linux') return 'it takes Linux';
  if (process.getuid() !== 0) return 'it takes root, for mounts';
  const tried = spawnSync('unshare', [
    '-m',
    '-n',
    'sh',
    '-c',
    'mount -t tmpfs none /mnt && ip link set lo up',
  ]);
  return tried.status === 0 ? undefined : 'mount and network namespaces are not allowed here';
}

/** Has the script that asks run again, in a mount namespace of its own; answers whether it is in one. */
export function inOwnNamespace() {
  const mark = 'VOLTRACE_IMAGE_NAMESPACE';
  if (process.env[mark] !== undefined) return true;
  const { status } = spawnSync('unshare', ['-m', process.execPath, ...process.argv.slice(1)], {
    stdio: 'inherit',
    env: { ...process.env, [mark]: '1' },
  });
  process.exitCode = status ?? 1;
  return false;
}

export class Image {
  #folder = mkdtempSync(join(tmpdir(), 'voltrace-image-'));
  #layers = new Map();
  #context = join(this.#folder, 'context');

  constructor(root, stages, dockerignore) {
    this.root = resolve(root);
    // Layers must not lie in the file system that they lie over. It is gone with this process.
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=3g', 'none', this.#folder]);
    if (mounted.status !== 0) throw new Error(String(mounted.stderr));
    this.stages = stages;
    // What stands on this machine for the base image must show nothing of the project.
    this.hidden = [`/${this.root.split('/')[1]}`, '/root', '/home'];
    const isGiven = contextFilter(dockerignore);
    this.contextFiles = filesBelow(this.root).filter(isGiven);
    for (const path of this.contextFiles) {
      mkdirSync(dirname(join(this.#context, path)), { recursive: true });
      cpSync(join(this.root, path), join(this.#context, path));
    }
  }

  /** The folder with what a stage itself changed. */
  changesOf(name) {
    return join(this.#folder, name, 'upper');
  }

  /** Runs what the stage needs first, then its own COPY, RUN and WORKDIR lines. */
  build(name, onStep = () => undefined) {
    if (this.#layers.has(name)) return;
    const stage = stageNamed(this.stages, name);
    const isStage = (other) => this.stages.some(({ name: known }) => known === other);
    if (isStage(stage.from)) this.build(stage.from, onStep);
    for (const { flags } of stage.steps) if (flags.from) this.build(flags.from, onStep);
    const below = isStage(stage.from) ? this.#layers.get(stage.from) : ['/'];
    const upper = this.changesOf(name);
    const work = join(this.#folder, name, 'work');
    for (const folder of [upper, work]) mkdirSync(folder, { recursive: true });
    let workdir = isStage(stage.from) ? configOf(this.stages, stage.from).workdir : '/';
    const options = `lowerdir=${below.join(':')},upperdir=${upper},workdir=${work}`;
    for (const { op, flags, words, text } of stage.steps) {
      if (op === 'WORKDIR') {
        workdir = text;
        this.#run(options, `mkdir -p ${quoted(text)}`);
      } else if (op === 'COPY') {
        onStep(name, `COPY ${text}`);
        this.#copy(options, flags, words, workdir);
      } else if (op === 'RUN') {
        onStep(name, `RUN ${text}`);
        this.#run(options, `cd ${quoted(workdir)} && ${text}`);
      }
    }
    this.#layers.set(name, [upper, ...below]);
  }

  #copy(options, { from }, words, workdir) {
    const target = words.at(-1);
    const to = posix.resolve(workdir, target);
    const lower = from && `lowerdir=${this.#layers.get(from).join(':')}`;
    for (const word of words.slice(0, -1)) {
      const source = from ? `/mnt/from${word}` : `/mnt/from/${word}`;
      const isFolder = target.endsWith('/') || words.length > 2;
      const file = isFolder ? posix.join(to, posix.basename(word)) : to;
      this.#run(
        options,
        `if [ -d ${source} ]; then mkdir -p ${to} && cp -a ${source}/. ${to}/; ` +
          `else mkdir -p ${posix.dirname(file)} && cp -a ${source} ${file}; fi`,
        lower
          ? `mount -t overlay overlay -o ${lower} $merged/mnt/from`
          : `mount --bind ${this.#context} $merged/mnt/from`,
      );
    }
  }

  #run(options, command, mounted) {
    const merged = join(this.#folder, 'merged');
    mkdirSync(merged, { recursive: true });
    const script = [
      `merged=${merged}; mount -t overlay overlay -o ${options} $merged`,
      'mount --bind /proc $merged/proc; mount --rbind /dev $merged/dev',
      // The mount point is no part of the image.
      ...(mounted ? ['mount -t tmpfs none $merged/mnt; mkdir $merged/mnt/from', mounted] : []),
      ...(mounted ? [] : [`mount -t tmpfs none $merged${this.hidden[0]}`]),
      `exec chroot $merged sh -c ${quoted(command)}`,
    ].join('\n');
    // Who packages are fetched from is configured on the machine.
    const passed = Object.entries(process.env).filter(([name]) =>
      /^(PATH|HOME|NODE_EXTRA_CA_CERTS|.*_proxy)$/i.test(name),
    );
    const { status, stdout, stderr } = spawnSync('unshare', ['-m', 'sh', '-e', '-c', script], {
      encoding: 'utf8',
      env: Object.fromEntries(passed),
    });
    if (status !== 0) throw new Error(`${command}\n${stdout}${stderr}`);
  }

  /**
   * A container of a stage: read-only, without a temporary folder, in a network of its own, as the user of
   * the image without any privilege, with one writable volume. Says what it says to `onText`.
   */
  start(name, words, volume, { env = {}, onText = () => undefined } = {}) {
    const config = configOf(this.stages, name);
    const merged = join(this.#folder, `running-${name}`);
    mkdirSync(merged, { recursive: true });
    const script = [
      `mount -t overlay overlay -o lowerdir=${this.#layers.get(name).join(':')} ${merged}`,
      `mount --bind /proc ${merged}/proc; mount --rbind /dev ${merged}/dev; ip link set lo up`,
      `mount --bind ${volume} ${merged}${config.volumes[0]}`,
      ...[...this.hidden, '/tmp', '/var/tmp'].map(
        (path) => `mount -t tmpfs -o ro none ${merged}${path}`,
      ),
      `exec chroot ${merged} ${asUser(config.user)} env -i ${environmentOf(config, env)} ` +
        `sh -c 'cd ${config.workdir}; exec "$@"' sh ${[...config.entrypoint, ...words].map(quoted).join(' ')}`,
    ].join('\n');
    const child = spawn('unshare', ['-m', '-n', 'sh', '-e', '-c', script], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (text) => onText(String(text)));
    const ended = new Promise((done) => child.once('close', (code) => done(code)));
    return { pid: child.pid, stop: () => child.kill('SIGTERM'), ended };
  }

  /** As `docker exec`: another command beside what runs. */
  exec(name, pid, words) {
    const config = configOf(this.stages, name);
    const inside = [
      '-t',
      String(pid),
      '-m',
      '-n',
      '-r',
      '-w',
      '--',
      ...asUser(config.user).split(' '),
    ];
    const env = environmentOf(config, {}).split(' ');
    return spawnSync('nsenter', [...inside, 'env', '-i', ...env, ...words], { encoding: 'utf8' });
  }

  remove() {
    spawnSync('umount', ['--lazy', this.#folder]);
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

const quoted = (text) => `'${text.replaceAll("'", `'\\''`)}'`;

const asUser = (user) => {
  const [uid, gid] = user.split(':');
  return `setpriv --reuid=${uid} --regid=${gid} --clear-groups --no-new-privs --bounding-set=-all`;
};

const environmentOf = (config, env) =>
  Object.entries({ PATH: '/usr/local/bin:/usr/bin:/bin', ...config.env, ...env })
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');

/** Relative paths; of what no build is ever given nothing is looked at. */
function filesBelow(root, folder = '') {
  const skipped = ['node_modules', '.git', 'dist', '.compiled', '.voltrace'];
  return readdirSync(join(root, folder), { withFileTypes: true })
    .filter(({ name }) => !skipped.includes(name))
    .flatMap((entry) => {
      const path = posix.join(folder, entry.name);
      return entry.isDirectory() ? filesBelow(root, path) : [path];
    });
}
