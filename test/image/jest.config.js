import { common } from '../../jest.config.js';

/**
 * `npm run test:image`: the image and docker-compose.yml, with a Docker engine. Apart from the other tests, since it
 * takes minutes, gigabytes, and an engine.
 * @type {import('jest').Config}
 */
export default {
  ...common,
  rootDir: '../..',
  testMatch: ['<rootDir>/test/image/*.image.ts'],
  testTimeout: 30 * 60_000,
};
