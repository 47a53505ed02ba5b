import { HoldfastError } from '../../workflows/contract/errors.ts';

/** What to look at, where the API's own words leave a person alone. */
const hints: Readonly<Record<string, string>> = {
  CredentialsProviderError:
    'No credentials were found: set them in the environment, name a `profile`, or give the worker a role.',
  UnrecognizedClientException: 'The access key is not known there, or the region is another one.',
  InvalidSignatureException: 'The secret access key is wrong, or the clock of this machine.',
  ExpiredTokenException: 'The temporary credentials have expired.',
  AccessDeniedException: 'docs/ecs.md lists the rights that are needed.',
  ClusterNotFoundException: 'Look at `cluster`; without it, `default` is meant.',
};

/** What passes. Everything else that the API answers stays as it is until somebody acts. */
const passing =
  /^(ThrottlingException|Throttling|RequestLimitExceeded|TooManyRequestsException|ServerException|ServiceUnavailable.*|InternalFailure|InternalServerError|RequestTimeout.*|TimeoutError)$/;
const networkErrors =
  /^(ECONN|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOST|ENET|EPIPE|EADDRNOTAVAIL|EPROTO|HPE_|UND_ERR)/;

/** Puts what the SDK threw into the words of the catalogue. Its own error is dropped: it carries signed headers. */
export function explain(error: unknown, what: string, where: string): Error {
  if (error instanceof HoldfastError) return error;
  if (!(error instanceof Error)) return new Error(String(error));
  const status = field(field(error, '$metadata'), 'httpStatusCode');
  const errno = field(error, 'code');
  const network = typeof errno === 'string' && networkErrors.test(errno) ? errno : undefined;
  const name = network ?? error.name;
  const text = `${what} (ECS in ${where}) failed: ${name}: ${oneLine(error.message)}.`;
  if (network !== undefined || passing.test(name) || (typeof status === 'number' && status >= 500)) {
    return new HoldfastError('EcsUnavailable', text);
  }
  const refused = (hint = hints[name]) =>
    new HoldfastError('EcsRefused', hint === undefined ? text : `${text} ${hint}`);
  if (/region is missing/i.test(error.message)) {
    return refused('Set `region`, AWS_REGION or the region of the profile.');
  }
  return typeof status === 'number' || hints[name] !== undefined ? refused() : error;
}

/** The name that the API gives a failure, such as `ClusterNotFoundException`, where `explain` was not asked yet. */
export function isEcsError(error: unknown, name: string): error is Error {
  return error instanceof Error && error.name === name;
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null
    ? Object.getOwnPropertyDescriptor(value, name)?.value
    : undefined;
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim().replace(/\.$/, '').slice(0, 500);
}
