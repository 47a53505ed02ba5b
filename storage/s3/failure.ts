import { HoldfastError, type ErrorCode } from '../../workflows/contract/errors.ts';

/** What a request answered, in words of the catalogue. `again` tells whether this very request may be tried again. */
export class S3Failure extends HoldfastError {
  readonly again: Again;
  /** HTTP status and S3's code; absent where nothing answered. */
  readonly status: number | undefined;
  readonly s3Code: string;

  constructor(found: Found, message: string, options?: ErrorOptions) {
    const { status, s3Code, requestId } = found;
    super(found.code, message, { ...options, details: { status, s3Code, requestId } });
    this.again = found.again;
    this.status = status;
    this.s3Code = s3Code;
  }
}

/** `briefly`: what may be over after a moment, and otherwise needs somebody to act (clocks, fresh credentials). */
export type Again = 'no' | 'briefly' | 'yes';

interface Found {
  readonly code: ErrorCode;
  readonly again: Again;
  readonly status: number | undefined;
  readonly s3Code: string;
  readonly requestId?: string | undefined;
}

/** What was asked for, for messages: `PUT of part 3`, and where. */
export interface Asked {
  readonly action: string;
  readonly address: string;
  readonly endpoint: string;
}

type Kind = readonly [ErrorCode, Again];
const denied: Kind = ['StorageDenied', 'no'];
const misconfigured: Kind = ['StorageMisconfigured', 'no'];
const unavailable: Kind = ['StorageUnavailable', 'yes'];
const unreachable: Kind = ['StorageUnreachable', 'yes'];

const byS3Code: Readonly<Record<string, Kind>> = {
  NoSuchKey: ['ObjectMissing', 'no'],
  RequestTimeTooSkewed: ['StorageDenied', 'briefly'],
  ExpiredToken: ['StorageDenied', 'briefly'],
  CredentialsProviderError: ['StorageDenied', 'briefly'],
  InvalidToken: denied,
  InvalidAccessKeyId: denied,
  SignatureDoesNotMatch: denied,
  AccessDenied: denied,
  NoSuchBucket: misconfigured,
  InvalidObjectState: misconfigured,
  InsufficientStorage: misconfigured,
  QuotaExceeded: misconfigured,
  XMinioStorageFull: misconfigured,
  NotImplemented: misconfigured,
  // Somebody else ended the upload: this one cannot go on, a fresh one can.
  NoSuchUpload: ['StorageUnavailable', 'no'],
  // The server has lost a part that it had confirmed.
  InvalidPart: ['StorageUnavailable', 'no'],
  // The body changed or broke off on its way.
  BadDigest: unavailable,
  XAmzContentSHA256Mismatch: unavailable,
  XAmzContentChecksumMismatch: unavailable,
  IncompleteBody: unavailable,
  RequestTimeout: unavailable,
  ConditionalRequestConflict: unavailable,
  OperationAborted: unavailable,
  SlowDown: unavailable,
  Throttling: unavailable,
  ThrottlingException: unavailable,
  RequestThrottled: unavailable,
  TooManyRequestsException: unavailable,
};

const hints: Readonly<Record<string, string>> = {
  NoSuchBucket: 'The bucket does not exist there.',
  InvalidObjectState: 'It is in an archive storage class: restore it there first.',
  RequestTimeTooSkewed: 'The clock of this machine is wrong.',
  ExpiredToken: 'The temporary credentials have expired.',
  CredentialsProviderError: 'No credentials were found.',
  PermanentRedirect: 'The bucket is in another region or behind another endpoint.',
  AuthorizationHeaderMalformed: 'The region is probably wrong.',
};

/** Puts what the SDK threw into the words of the catalogue. Its own error is dropped: it carries signed headers. */
export function explain(error: unknown, asked: Asked): Error {
  if (error instanceof HoldfastError || !(error instanceof Error)) return asError(error);
  const answer = answerOf(error);
  const kind = kindOf(error, answer);
  if (kind === undefined) return error;
  const [code, again] = kind;
  const said = [answer.s3Code, answer.text].filter(Boolean).join(': ');
  const facts = [
    answer.status && `HTTP ${answer.status}`,
    answer.requestId && `request ${answer.requestId}`,
    answer.region && `the bucket is in region ${answer.region}`,
  ];
  const found = facts.filter(Boolean).join(', ');
  const hint = hints[answer.s3Code];
  const message =
    `${asked.action} ${asked.address} (endpoint ${asked.endpoint}) failed: ` +
    `${said}${found && ` (${found})`}.${hint ? ` ${hint}` : ''}`;
  return new S3Failure({ code, again, ...answer }, message);
}

/** An answer that cannot be right: the request is made again. */
export function brokenAnswer(address: string, found: string): S3Failure {
  return failure('BrokenAnswer', unavailable, `${address}: the server answered ${found}.`);
}

/** One key that a `DeleteObjects` names as not deleted. */
export function refusal(address: string, s3Code: string, text: string): S3Failure {
  const again = /InternalError|SlowDown|ServiceUnavailable/.test(s3Code);
  const kind = again ? unavailable : (byS3Code[s3Code] ?? misconfigured);
  return failure(s3Code, kind, `${address} was not deleted: ${s3Code}: ${oneLine(text)}.`);
}

function failure(s3Code: string, [code, again]: Kind, message: string): S3Failure {
  return new S3Failure({ code, again, s3Code, status: undefined }, message);
}

interface Answer {
  readonly status: number | undefined;
  readonly s3Code: string;
  readonly text: string;
  readonly requestId: string | undefined;
  readonly region: string | undefined;
}

function answerOf(error: Error): Answer {
  const metadata = field(error, '$metadata');
  const response = field(error, '$response');
  const status = field(metadata, 'httpStatusCode') ?? field(response, 'statusCode');
  const requestId = field(metadata, 'requestId');
  const region = field(field(response, 'headers'), 'x-amz-bucket-region');
  const errno = field(error, 'code');
  return {
    status: typeof status === 'number' ? status : undefined,
    s3Code: typeof errno === 'string' && error.name === 'Error' ? errno : error.name,
    text: oneLine(error.message),
    requestId: typeof requestId === 'string' ? requestId.split(',')[0] : undefined,
    region: typeof region === 'string' ? region : undefined,
  };
}

function kindOf(error: Error, { status, s3Code }: Answer): Kind | undefined {
  const known = byS3Code[s3Code];
  if (known) return known;
  if (status === undefined) return kindWithoutAnswer(error);
  if (status === 401 || status === 403) return denied;
  if (status === 404) return ['ObjectMissing', 'no'];
  if (status === 408 || status === 429) return unavailable;
  if (status === 501 || status === 507) return misconfigured;
  // A status below 300 here: what should have been an answer could not be read.
  return status >= 500 || status < 300 ? unavailable : misconfigured;
}

const networkErrors =
  /^(ECONN|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOST|ENET|EPIPE|EADDRNOTAVAIL|EPROTO|ERR_STREAM_PREMATURE_CLOSE|HPE_|UND_ERR)/;
const certificateErrors = /^(ERR_TLS|CERT_|DEPTH_ZERO|UNABLE_TO|SELF_SIGNED|ERR_SSL)/;

function kindWithoutAnswer(error: Error): Kind | undefined {
  const code = field(error, 'code');
  const errno = typeof code === 'string' ? code : '';
  if (certificateErrors.test(errno)) return misconfigured;
  if (error.name === 'TimeoutError' || networkErrors.test(errno) || error.message === 'aborted') {
    return unreachable;
  }
  if (/region is missing|invalid (url|endpoint)|custom endpoint/i.test(error.message)) return misconfigured;
  return undefined;
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null
    ? Object.getOwnPropertyDescriptor(value, name)?.value
    : undefined;
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim().replace(/\.$/, '').slice(0, 500);
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
