import { spawn, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { ESLint, type Linter } from 'eslint';
import ts from 'typescript';
import tseslint from 'typescript-eslint';

import { projectRoot } from '#testing/build.js';
import { inheritedEnv } from '#testing/inherited-env.js';

import { type Chapter, patched } from './guide.js';

/** A copy of this repository, with the packages of the original. */
export class Tree {
  private readonly root = mkdtempSync(join(tmpdir(), 'voltrace-guide-'));
  /** Every file that a chapter made or edited. */
  readonly touched = new Set<string>();
  private compiledBefore: ts.Program | undefined;

  constructor() {
    const git = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'];
    const { stdout } = spawnSync('git', git, { cwd: projectRoot, encoding: 'utf8' });
    const files = stdout.split('\0').filter((path) => existsSync(join(projectRoot, path)) && path);
    if (files.length === 0) throw new Error('the guide is checked in a checkout of git');
    for (const path of files) cpSync(join(projectRoot, path), join(this.root, path));
    symlinkSync(join(projectRoot, 'node_modules'), join(this.root, 'node_modules'));
  }

  /** Does what a chapter says. Throws where it makes a file that is there, or edits what is not. */
  apply({ blocks }: Chapter): void {
    for (const { path, kind, text } of blocks) {
      const file = join(this.root, path);
      if (kind === 'file' && existsSync(file)) throw new Error(`${path} is there already`);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, kind === 'file' ? text : patched(readFileSync(file, 'utf8'), text));
      this.touched.add(path);
    }
  }

  /** What the compiler says of the files that were touched. */
  problems(): readonly string[] {
    const { config } = ts.readConfigFile(join(this.root, 'tsconfig.json'), (path) =>
      ts.sys.readFile(path),
    ) as { config: unknown };
    const { options } = ts.parseJsonConfigFileContent(config, ts.sys, this.root);
    const files = [...this.touched]
      .filter((path) => path.endsWith('.ts'))
      .map((path) => join(this.root, path));
    const program = ts.createProgram(
      files,
      { ...options, incremental: false },
      undefined,
      this.compiledBefore,
    );
    this.compiledBefore = program;
    return files
      .map((file) => program.getSourceFile(file)!)
      .flatMap((file) => [
        ...program.getSyntacticDiagnostics(file),
        ...program.getSemanticDiagnostics(file),
      ])
      .map(({ file, messageText }) => {
        const path = file?.fileName.slice(this.root.length + 1) ?? '';
        return `${path}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
      });
  }

  /** What the linter says of them, but for rules that need the compiler's types. */
  async lint(): Promise<readonly string[]> {
    const untyped = tseslint.configs.disableTypeChecked as Linter.Config;
    const eslint = new ESLint({ cwd: this.root, overrideConfig: untyped });
    const results = await eslint.lintFiles(
      [...this.touched].filter((path) => path.endsWith('.ts')),
    );
    return results.flatMap(({ filePath, messages }) =>
      messages.map(({ message }) => `${filePath.slice(this.root.length + 1)}: ${message}`),
    );
  }

  /** Runs a script of Node in the copy. Rejects with what it said where it fails. */
  async run(script: string, args: readonly string[]): Promise<void> {
    const child = spawn(process.execPath, [script, ...args], {
      cwd: this.root,
      env: inheritedEnv(),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const said: string[] = [];
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => said.push(text));
    }
    const code = await new Promise((resolve) => child.once('close', resolve));
    if (code !== 0) throw new Error(`${script} ${args.join(' ')} failed:\n${said.join('')}`);
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}
