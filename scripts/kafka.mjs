// Runs the broker for development. Compiles only where nothing is compiled yet: a build would
// empty dist below an `npm start` in the next terminal.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const main = new URL('../dist/libs/testing/src/kafka/main.js', import.meta.url);
if (!existsSync(main)) {
  const build = spawnSync('npm', ['run', 'build'], { stdio: ['ignore', 'inherit', 'inherit'] });
  if (build.status !== 0) process.exit(build.status ?? 1);
}
await import(main);
