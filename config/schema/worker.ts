import { z } from 'zod';
import { duration, text, wholeNumber, yesOrNo } from '../formats.ts';

const status = z.strictObject({
  port: wholeNumber(0, 65_535).default(18_080).describe('Its port; 0 serves no status page.'),
  address: text('an IP address or host name')
    .default('127.0.0.1')
    .describe('The address it listens on. Default: this machine alone; `0.0.0.0`: all networks.'),
  token: text('a token of at least 16 characters', (value) => value.length >= 16)
    .optional()
    .describe('Whoever asks must name it, as a bearer token or as a password. Write it as `${VARIABLE}`.'),
  token_file: text('the path of a file')
    .optional()
    .describe('The same, read from a file when the worker starts; instead of `token`.'),
});

export const workerSchema = z.strictObject({
  commands: yesOrNo
    .default(false)
    .describe('Whether a worker with this file runs the commands of tasks. Default: no.'),
  grace: duration
    .prefault('10s')
    .describe(
      'How long its work may still go on when it is told to stop; then that is handed over or ended.',
    ),
  status: status
    .prefault({})
    .describe('The status page of each worker, with its health and metrics (docs/status-page.md).'),
});
