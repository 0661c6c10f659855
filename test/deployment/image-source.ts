import { join } from 'node:path';

import { projectRoot } from '#testing/build.js';

/** What a stage of the Dockerfile is in the end. */
export interface ImageConfig {
  readonly image: string;
  readonly env: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly ports: readonly number[];
  readonly volumes: readonly string[];
  readonly workdir: string;
  readonly user: string;
  readonly entrypoint: readonly string[];
  readonly command?: readonly string[];
  readonly healthcheck: readonly string[];
}

export interface Stage {
  readonly name: string;
  readonly from: string;
  readonly steps: readonly { readonly op: string; readonly text: string }[];
}

interface Dockerfile {
  stagesOf(text: string): Stage[];
  configOf(stages: readonly Stage[], name: string): ImageConfig;
  contextFilter(dockerignore: string): (path: string) => boolean;
}

interface Scan {
  problemsOf(app: string, lock: object): string[];
}

const scripts = join(projectRoot, 'scripts', 'image');

/** How scripts/image.mjs reads the Dockerfile. */
export const dockerfile = (await import(join(scripts, 'dockerfile.mjs'))) as Dockerfile;

/** How scripts/image.mjs looks at what was built. */
export const scan = (await import(join(scripts, 'scan.mjs'))) as Scan;
