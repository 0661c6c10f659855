// Copies what the compiler leaves behind: SQL beside the code that runs it.
import { cpSync } from 'node:fs';

for (const folder of ['apps', 'libs', 'projections']) {
  cpSync(folder, `dist/${folder}`, {
    recursive: true,
    filter: (source) => !/\.[a-z]+$/.test(source) || source.endsWith('.sql'),
  });
}
