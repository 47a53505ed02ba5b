import { z } from 'zod';
import { text } from '../formats.ts';

export const tlsSchema = z.strictObject({
  ca: text('the path of a PEM file')
    .optional()
    .describe('Certificates of the authorities to trust, a PEM file.'),
  cert: text('the path of a PEM file').optional().describe('The client’s certificate, a PEM file.'),
  key: text('the path of a PEM file').optional().describe('The key of the client’s certificate, a PEM file.'),
  server_name: text('a host name')
    .optional()
    .describe('The name that the server’s certificate must carry, where it is not the host of the address.'),
});
