import { z } from 'zod';
import * as format from '../formats.ts';

const { text } = format;

export const temporalSchema = z.strictObject({
  address: text('host and port of the Temporal server')
    .optional()
    .describe(
      'Host and port of the Temporal server. Default: TEMPORAL_ADDRESS, else the profile, else localhost:7233.',
    ),
  namespace: text('the name of a namespace')
    .optional()
    .describe('The namespace. Default: TEMPORAL_NAMESPACE, else the profile, else `default`.'),
  profile: text('the name of a profile')
    .optional()
    .describe(
      'A profile of the `temporal` command’s configuration (TEMPORAL_CONFIG_FILE): address, namespace, API key, TLS.',
    ),
  ui: format.webAddress
    .optional()
    .describe(
      'Address of the Temporal UI, such as http://localhost:8233: the status page links to its runs.',
    ),
});
