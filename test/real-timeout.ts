import { jest } from '@jest/globals';

// Jest takes a timeout for all projects only. Here servers start, and work is retried until it succeeds.
jest.setTimeout(120_000);
