import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import { createHash } from 'node:crypto';
import http from 'node:http';
import https from 'node:https';
import type { S3Settings } from '../settings.ts';
import { readInPlace } from './sockets.ts';

/** A connection attempt, and a socket on which nothing moves, end after so many milliseconds. */
const connectionTimeout = 10_000;
const socketTimeout = 120_000;
const sockets = { keepAlive: true, maxSockets: 128 };

/** Its own retries are off: attempts.ts decides for all requests what is tried again, and how long. */
export function createClient(settings: S3Settings): S3Client {
  // An endpoint of one's own seldom cares for the region, but the signature needs one.
  const region = settings.region ?? (settings.endpoint && (process.env.AWS_REGION ?? 'us-east-1'));
  const config: S3ClientConfig = {
    ...(region && { region }),
    ...(settings.endpoint && { endpoint: settings.endpoint }),
    ...(settings.credentials && { credentials: settings.credentials }),
    ...(settings.profile && { profile: settings.profile }),
    forcePathStyle: settings.pathStyle,
    maxAttempts: 1,
    requestChecksumCalculation: settings.checksums === 'when-supported' ? 'WHEN_SUPPORTED' : 'WHEN_REQUIRED',
    // Downloads are ranges, for which S3 has no checksums; the digests of the archive cover every byte.
    responseChecksumValidation: 'WHEN_REQUIRED',
    // With `Expect: 100-continue` the SDK would open a new connection for every part.
    expectContinueHeader: false,
    cacheMiddleware: true,
    requestHandler: { connectionTimeout, socketTimeout, ...createAgents() },
  };
  const client = new S3Client(config);
  signChecksums(client);
  if (settings.checksums === 'when-required') sendContentMd5(client);
  return client;
}

function createAgents(): { readonly httpAgent: http.Agent; readonly httpsAgent: https.Agent } {
  const agents = { httpAgent: new http.Agent(sockets), httpsAgent: new https.Agent(sockets) };
  readInPlace(agents.httpAgent);
  readInPlace(agents.httpsAgent);
  return agents;
}

/** Signs the body by the checksum that the request carries already; the SDK would hash it once more. */
function signChecksums(client: S3Client): void {
  client.middlewareStack.add(
    (next) => (args) => {
      if (isHttpRequest(args.request)) {
        const { headers, protocol } = args.request;
        const sha256 = headers['x-amz-checksum-sha256'];
        if (sha256 !== undefined) {
          headers['x-amz-content-sha256'] = Buffer.from(sha256, 'base64').toString('hex');
        } else if (headers['x-amz-checksum-crc32'] !== undefined && protocol === 'https:') {
          headers['x-amz-content-sha256'] = 'UNSIGNED-PAYLOAD';
        }
      }
      return next(args);
    },
    { name: 'holdfastSignChecksums', step: 'build', priority: 'low' },
  );
}

/** Deleting wants a checksum in any case; `Content-MD5`, the oldest, is the one that every S3 clone knows. */
function sendContentMd5(client: S3Client): void {
  client.middlewareStack.add(
    (next, { commandName }) =>
      (args) => {
        const { request } = args;
        if (commandName === 'DeleteObjectsCommand' && isHttpRequest(request)) {
          const { headers } = request;
          delete headers['x-amz-checksum-crc32'];
          delete headers['x-amz-sdk-checksum-algorithm'];
          headers['content-md5'] = createHash('md5').update(request.body).digest('base64');
        }
        return next(args);
      },
    { name: 'holdfastSendContentMd5', step: 'build', priority: 'low' },
  );
}

interface HttpRequest {
  readonly protocol: string;
  readonly headers: Record<string, string>;
  readonly body: string | Uint8Array;
}

function isHttpRequest(request: unknown): request is HttpRequest {
  return typeof request === 'object' && request !== null && 'headers' in request && 'protocol' in request;
}
