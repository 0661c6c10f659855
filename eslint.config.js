import js from '@eslint/js';
import { defineConfig } from 'eslint/config';
import { createNodeResolver, flatConfigs } from 'eslint-plugin-import-x';
import sortImports from 'eslint-plugin-simple-import-sort';
import tseslint from 'typescript-eslint';

import { restrictions } from './eslint.restricted.js';

export default defineConfig(
  {
    ignores: [
      'dist/',
      '.compiled/',
      'node_modules/',
      'coverage/',
      '.voltrace/',
      'bin/',
      'docs/',
      'examples/',
    ],
  },
  {
    files: ['**/*.ts'],
    extends: [
      js.configs.recommended,
      tseslint.configs.strictTypeChecked,
      tseslint.configs.stylisticTypeChecked,
    ],
    plugins: { ...flatConfigs.typescript.plugins, 'simple-import-sort': sortImports },
    languageOptions: {
      parserOptions: {
        projectService: true,
        tsconfigRootDir: import.meta.dirname,
        // Nest injects by the types of constructor parameters, which must stay value imports.
        emitDecoratorMetadata: true,
        experimentalDecorators: true,
      },
    },
    settings: {
      ...flatConfigs.typescript.settings,
      'import-x/parsers': { '@typescript-eslint/parser': ['.ts'] },
      'import-x/resolver-next': [
        createNodeResolver({
          conditionNames: ['source', 'import', 'node', 'default'],
          extensions: ['.ts', '.js'],
          extensionAlias: { '.js': ['.ts', '.js'] },
        }),
      ],
    },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      eqeqeq: 'error',
      'max-lines': ['error', { max: 300, skipBlankLines: false, skipComments: false }],
      'import-x/no-cycle': ['error', { ignoreExternal: true }],
      'import-x/no-duplicates': ['error', { 'prefer-inline': true }],
      'simple-import-sort/imports': [
        'error',
        { groups: [['^node:'], ['^[a-z@]'], ['^#'], ['^\\.']] },
      ],
      '@typescript-eslint/consistent-type-imports': [
        'error',
        { fixStyle: 'inline-type-imports', disallowTypeAnnotations: true },
      ],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      '@typescript-eslint/no-unnecessary-type-parameters': 'off',
      '@typescript-eslint/no-extraneous-class': ['error', { allowWithDecorator: true }],
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true },
      ],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      // With noPropertyAccessFromIndexSignature the compiler asks for the brackets.
      '@typescript-eslint/dot-notation': ['error', { allowIndexSignaturePropertyAccess: true }],
      // A stored name is a literal type; `type` says that better than an interface with one member.
      '@typescript-eslint/consistent-type-definitions': 'off',
      '@typescript-eslint/consistent-indexed-object-style': 'off',
      '@typescript-eslint/no-invalid-void-type': ['error', { allowAsThisParameter: true }],
    },
  },
  ...restrictions,
  {
    files: ['**/*.spec.ts', 'libs/testing/**/*.ts', 'test/**/*.ts'],
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/unbound-method': 'off',
      // What `expect.any()` and its like stand for in an expected value is any.
      '@typescript-eslint/no-unsafe-assignment': 'off',
    },
  },
  {
    // Plain scripts and configuration: no types to check.
    files: ['**/*.js', '**/*.mjs'],
    extends: [js.configs.recommended],
    plugins: { 'simple-import-sort': sortImports },
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        URL: 'readonly',
        fetch: 'readonly',
        AbortSignal: 'readonly',
      },
    },
    rules: { 'simple-import-sort/imports': 'error', eqeqeq: 'error' },
  },
);
