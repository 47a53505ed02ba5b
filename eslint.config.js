import js from '@eslint/js';
import importX from 'eslint-plugin-import-x';
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

/** DESIGN: arrows point one way. Each folder, and the folders it may import. */
const mayImport = {
  workflows: [],
  stores: ['workflows'],
  tasks: ['workflows'],
  alarms: ['workflows', 'tasks'],
  archive: ['workflows'],
  formats: ['workflows'],
  storage: ['workflows'],
  config: ['workflows', 'stores', 'tasks', 'alarms', 'storage'],
  activities: ['workflows', 'stores', 'tasks', 'alarms', 'archive', 'formats', 'storage', 'config'],
  // The status page reads from Temporal what `holdfast status` reads, and judges as it does.
  worker: ['workflows', 'activities', 'config', 'client', 'alarms'],
  client: ['workflows', 'activities', 'config', 'stores', 'tasks', 'archive', 'formats', 'storage'],
};
const folders = [...Object.keys(mayImport), 'services', 'demo', 'test', 'bench'];
const zones = Object.entries(mayImport).flatMap(([folder, allowed]) =>
  folders
    .filter((other) => other !== folder && !allowed.includes(other))
    .map((other) => ({
      target: `./${folder}`,
      from: `./${other}`,
      message: `${folder}/ may import only ${allowed.join(', ') || 'its own files'}.`,
    })),
);

export default defineConfig(
  { ignores: ['node_modules/', 'coverage/', '.holdfast/'] },
  js.configs.recommended,
  tseslint.configs.strictTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        projectService: { allowDefaultProject: ['*.js'] },
        tsconfigRootDir: import.meta.dirname,
      },
    },
    plugins: { 'import-x': importX },
    rules: {
      'import-x/no-restricted-paths': ['error', { zones }],
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      eqeqeq: 'error',
    },
  },
  {
    // Workflow code is replayed: nothing in it may read the world outside its history.
    files: ['workflows/**/*.ts'],
    rules: {
      'no-restricted-globals': [
        'error',
        'process',
        'fetch',
        'setImmediate',
        'Buffer',
        'performance',
        'crypto',
      ],
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              group: ['node:*', '@temporalio/*', '!@temporalio/workflow', '!@temporalio/common'],
              message: 'Workflows import @temporalio/workflow and their own files.',
            },
          ],
        },
      ],
    },
  },
  { files: ['**/*.js'], extends: [tseslint.configs.disableTypeChecked] },
);
