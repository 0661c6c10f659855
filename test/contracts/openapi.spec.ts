import { readFileSync } from 'node:fs';

import { createConfig, lintFromString } from '@redocly/openapi-core';
import rulesets from '@stoplight/spectral-rulesets';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

import { isTestCode } from '../generate/problem-codes.js';
import { lint } from './spectral.js';

const document = readFileSync('docs/openapi.json', 'utf8');

const redocly = async (source: string): Promise<string[]> => {
  const config = await createConfig({ extends: ['recommended'] });
  const problems = await lintFromString({ source, absoluteRef: 'openapi.json', config });
  return problems.map(
    ({ ruleId, message, location }) => `${ruleId}: ${message} at ${String(location[0]?.pointer)}`,
  );
};

const spectralOas = (source: string): Promise<readonly string[]> => lint(rulesets.oas, source);

const empty = '{"openapi":"3.0.0","info":{"title":"","version":""},"paths":{}}';

describe('the OpenAPI document', () => {
  it('gives the rules recommended by Redocly nothing to say', async () => {
    expect(await redocly(document)).toEqual([]);
    expect(await redocly(empty)).not.toEqual([]);
  });

  it('gives the rules of spectral:oas nothing to say', async () => {
    expect(await spectralOas(document)).toEqual([]);
    expect(await spectralOas(empty)).not.toEqual([]);
  });

  it('rests on classes of which no two share a name', () => {
    const names = ts.sys
      .readDirectory(
        '.',
        ['.http.ts'],
        ['**/node_modules', 'dist'],
        ['apps', 'libs', 'projections'],
      )
      .filter((file) => !isTestCode(file))
      .flatMap((file) => [...readFileSync(file, 'utf8').matchAll(/^(?:export )?class (\w+)/gm)])
      .map(([, name]) => name);
    expect(names.length).toBeGreaterThan(50);
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  });

  it('says what every question is answered with, and documents no header that does nothing', () => {
    const { paths } = JSON.parse(document) as { paths: Paths };
    const undescribed = Object.entries(paths).filter(([path, { get }]) => {
      const { content = {} } = get?.responses['200'] ?? {};
      const schemas = Object.values(content).map(({ schema }) => JSON.stringify(schema));
      const isOpen = schemas.includes('{"type":"object","additionalProperties":true}');
      return get?.responses['200'] && !path.startsWith('/health/') && (isOpen || !schemas.length);
    });
    expect(undescribed.map(([path]) => path)).toEqual([]);
    const { parameters } = paths['/v1/devices/{id}/samples']?.['post'] ?? {};
    expect(JSON.stringify(parameters)).toContain('timeUnit');
    expect(JSON.stringify(parameters)).not.toContain('#/components/parameters/');
  });
});

interface Operation {
  readonly parameters?: unknown;
  readonly responses: Readonly<Record<string, { content?: Record<string, { schema: unknown }> }>>;
}
type Paths = Readonly<Record<string, Readonly<Partial<Record<string, Operation>>>>>;
