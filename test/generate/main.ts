import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

import { buildOpenApi } from '#apps/api/openapi.js';
import { contexts } from '#apps/contexts.js';
import { contracts } from '#apps/contracts.js';
import { differences } from '#test/conformance/differences.js';
import { grownGoldenFiles } from '#test/contracts/golden-files.js';

import { renderAsyncApi } from './asyncapi.js';
import { renderConfiguration } from './configuration.js';
import { environments } from './environments.js';
import { renderCatalogue } from './event-catalogue.js';
import { renderEventNode } from './event-node.js';
import { problemCodes, renderProblemCodes } from './problem-codes.js';
import { renderUnitProtocol } from './unit-protocol.js';

/** Everything that is generated, committed and compared in CI: path -> content. */
const documents = async (root: string): Promise<ReadonlyMap<string, string>> =>
  new Map([
    ['docs/events.generated.md', renderCatalogue(contexts)],
    ['docs/problems.generated.md', renderProblemCodes(problemCodes(root))],
    [
      'docs/configuration.md',
      renderConfiguration(
        Object.fromEntries(
          Object.entries(environments).map(([app, environment]) => [
            app === 'standalone' ? 'npm start' : `apps/${app}`,
            environment,
          ]),
        ),
      ),
    ],
    ['docs/event-node.md', renderEventNode(differences)],
    ['docs/asyncapi.yaml', renderAsyncApi(contracts)],
    ['docs/unit-protocol.yaml', renderUnitProtocol()],
    ['docs/openapi.json', `${JSON.stringify(await buildOpenApi(), null, 2)}\n`],
    ...(await grownGoldenFiles()),
  ]);

const root = process.cwd();
const check = process.argv.includes('--check');
const stale: string[] = [];
for (const [path, content] of await documents(root)) {
  if (check) {
    if (read(path) !== content) stale.push(path);
  } else {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
    console.log(`wrote ${path}`);
  }
}
if (stale.length > 0) {
  console.error(`out of date: ${stale.join(', ')}; run "npm run generate" and commit the result`);
  process.exit(1);
}
process.exit(0);

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
