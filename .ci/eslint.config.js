import eslint from '@eslint/js';
import { defineConfig } from 'eslint/config';
import jsdoc from 'eslint-plugin-jsdoc';
import tseslint from 'typescript-eslint';

const sdk = {
  group: ['@aws-sdk/*', '@smithy/*'],
  message: 'Only src/store/s3 knows the AWS SDK; everything else uses the Store interface.',
};
const commands = { regex: '/commands/', message: 'Arrows run downwards: no part imports a command.' };

/** Parts that know nothing of each other; each rule names those that the files of one must not import. */
const separateParts = ['store', 'postgres', 'notify'];

/** Imports within src: what each part must not reach for. The last matching entry wins, so each repeats what it keeps. */
const layers = [
  { files: ['src/**'], ignores: ['src/main.ts', 'src/commands/**'], patterns: [sdk, commands] },
  { files: ['src/main.ts', 'src/commands/**'], patterns: [sdk] },
  ...separateParts.map((part) => ({
    files: [`src/${part}/**`],
    patterns: [
      ...(part === 'store' ? [] : [sdk]),
      commands,
      ...separateParts
        .filter((other) => other !== part)
        .map((other) => ({ regex: `/${other}/`, message: `${part} and ${other} know nothing of each other.` })),
    ],
  })),
  {
    files: ['src/store/*'],
    patterns: [sdk, commands, { regex: '/(postgres|notify)/', message: 'Store stands alone.' }],
  },
];

export default defineConfig(
  { ignores: ['dist/', 'node_modules/', 'test/fixtures/**/*.{js,mjs}'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error', reportUnusedInlineConfigs: 'error' } },
  eslint.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: `${import.meta.dirname}/..` } },
    rules: {
      // A number in a text is what it looks like.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      // `while (true)` with a return inside reads better than a condition that repeats it.
      '@typescript-eslint/no-unnecessary-condition': [
        'error',
        { allowConstantLoopConditions: 'only-allowed-literals' },
      ],
      // `a || b` is meant where an empty text counts as unset.
      '@typescript-eslint/prefer-nullish-coalescing': ['error', { ignorePrimitives: { string: true } }],
      // Agrees with noPropertyAccessFromIndexSignature style: env['NAME'] is a look-up, config.name is a property.
      '@typescript-eslint/dot-notation': 'off',
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/unbound-method': ['error', { ignoreStatic: true }],
      // `using _lock = ...` is there for its end.
      '@typescript-eslint/no-unused-vars': ['error', { varsIgnorePattern: '^_' }],
      // The SDK's commands are read by their shape.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      eqeqeq: 'error',
      'max-lines': ['error', 250],
      'no-console': 'error',
    },
  },
  {
    files: ['src/**/*.ts'],
    plugins: { jsdoc },
    rules: {
      'jsdoc/require-jsdoc': [
        'error',
        {
          publicOnly: true,
          require: { ClassDeclaration: true, FunctionDeclaration: true, MethodDefinition: false },
          contexts: ['TSInterfaceDeclaration', 'TSTypeAliasDeclaration', 'VariableDeclaration'],
          checkConstructors: false,
          exemptOverloadedImplementations: true,
          enableFixer: false,
        },
      ],
      'jsdoc/no-types': 'error',
      'jsdoc/no-blank-blocks': 'error',
      // Streams are joined by pipeline() and iterated; a bare pipe() loses errors.
      'no-restricted-syntax': [
        'error',
        { selector: 'CallExpression[callee.property.name="pipe"]', message: 'Use pipeline() of node:stream/promises.' },
        {
          selector: 'ExportAllDeclaration',
          message: 'Export by name, so that a reader finds where a thing comes from.',
        },
      ],
    },
  },
  {
    files: ['src/**/*.ts'],
    ignores: ['src/main.ts'],
    rules: {
      'no-restricted-properties': [
        'error',
        ...['env', 'exit', 'exitCode', 'argv', 'on', 'once', 'abort', 'stdout'].map((property) => ({
          object: 'process',
          property,
          message: 'Only src/main.ts touches the process; take a value or an AbortSignal.',
        })),
      ],
      'no-restricted-imports': ['error', { paths: ['process', 'node:process'] }],
    },
  },
  ...layers.map(({ files, ignores, patterns }) => ({
    files,
    ...(ignores && { ignores }),
    rules: { '@typescript-eslint/no-restricted-imports': ['error', { patterns }] },
  })),
  {
    files: ['test/**', 'bench/**', '.ci/**'],
    rules: {
      // Programs for a terminal, and the messages of helpers that start servers.
      'no-console': 'off',
    },
  },
  {
    files: ['test/**/*.ts'],
    rules: {
      // node:test's test() and describe() return promises that the runner awaits itself.
      '@typescript-eslint/no-floating-promises': [
        'error',
        {
          allowForKnownSafeCalls: ['test', 'describe', 'it', 'suite'].map((name) => ({
            from: 'package',
            name,
            package: 'node:test',
          })),
        },
      ],
      // A test that knows what it set up says so in short; a wrong one fails the test.
      '@typescript-eslint/no-non-null-assertion': 'off',
      // Doubles implement async interfaces without waiting for anything.
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-empty-function': 'off',
    },
  },
);
