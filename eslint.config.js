import js from '@eslint/js';
import { defineConfig } from 'eslint/config';
import { createNodeResolver, flatConfigs } from 'eslint-plugin-import-x';
import sortImports from 'eslint-plugin-simple-import-sort';
import tseslint from 'typescript-eslint';

const contexts = ['product-registry', 'access'];

/** What pure files may not see: a decision depends on its command and its state, on nothing else. */
const impure = ['@nestjs/*', 'pg', 'knex', 'kafkajs', 'mqtt', 'fastify', 'node:*'];
const eventStoreClient = {
  group: ['@eventstore/db-client', '@eventstore/db-client/*'],
  message: 'Only libs/event-log and the event node know EventStoreDB.',
};
const noOtherContext = (own) => ({
  group: contexts.filter((name) => name !== own).map((name) => `#${name}/*`),
  message: 'Contexts meet through contract.ts and in processes, never by import.',
});
const restricted = (...patterns) => ({
  'no-restricted-imports': 'off',
  '@typescript-eslint/no-restricted-imports': ['error', { patterns }],
});

/** Sources of randomness and time: they come in with the command's metadata. */
const ambient = [
  ["NewExpression[callee.name='Date'][arguments.length=0]", 'new Date()'],
  ["CallExpression[callee.object.name='Date'][callee.property.name='now']", 'Date.now'],
  ["CallExpression[callee.object.name='Math'][callee.property.name='random']", 'Math.random'],
  ["CallExpression[callee.name='randomUUID']", 'randomUUID'],
  ["CallExpression[callee.property.name='randomUUID']", 'randomUUID'],
].map(([selector, what]) => ({ selector, message: `${what} has no place in a pure file.` }));

export default defineConfig(
  { ignores: ['dist/', 'node_modules/', 'coverage/', '.voltrace/', 'bin/', 'docs/'] },
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
      ...restricted(eventStoreClient),
    },
  },
  ...contexts.map((own) => ({
    files: [`libs/${own}/**/*.ts`],
    rules: restricted(eventStoreClient, noOtherContext(own)),
  })),
  {
    // What a controller shares with the edge: permissions by decorator, no other part of access.
    files: contexts.map((name) => `libs/${name}/**/*.http.ts`),
    rules: restricted(eventStoreClient),
  },
  {
    files: ['libs/kernel/**/*.ts', 'libs/**/{events,commands,decider}.ts'],
    rules: {
      ...restricted(eventStoreClient, {
        group: impure,
        message: 'A pure file sees the kernel and its neighbours only.',
      }),
      'no-restricted-syntax': ['error', ...ambient],
    },
  },
  {
    files: ['libs/event-log/**/*.ts', 'apps/event-node/**/*.ts', 'test/**/*.ts'],
    rules: restricted(),
  },
  {
    files: ['test/**/*.ts'],
    ignores: ['test/conformance/**/*.ts'],
    rules: restricted(eventStoreClient),
  },
  {
    files: ['**/*.spec.ts', 'libs/testing/**/*.ts', 'test/**/*.ts'],
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  {
    // Plain scripts and configuration: no types to check.
    files: ['**/*.js', '**/*.mjs'],
    extends: [js.configs.recommended],
    plugins: { 'simple-import-sort': sortImports },
    languageOptions: { globals: { process: 'readonly', console: 'readonly', URL: 'readonly' } },
    rules: { 'simple-import-sort/imports': 'error', eqeqeq: 'error' },
  },
);
