// Starts the app that the first word names, in this process: signals reach it as they are.
import { existsSync, readdirSync } from 'node:fs';

const apps = new URL('../dist/apps/', import.meta.url);
const main = (app) => new URL(`${app}/main.js`, apps);
const [, , app = ''] = process.argv;

if (app === 'voltrace') {
  // The command line counts its words from the third.
  process.argv.splice(2, 1);
  await import(main('ctl').href);
} else if (/^[a-z-]+$/.test(app) && app !== 'ctl' && existsSync(main(app))) {
  await import(main(app).href);
} else {
  const known = readdirSync(apps).filter((name) => name !== 'ctl' && existsSync(main(name)));
  console.error(`The first word of the command is "${app}"; expected: an app, or voltrace.`);
  console.error(`  apps      ${known.join(', ')}`);
  console.error('  voltrace  the command line: voltrace --help');
  process.exit(64);
}
