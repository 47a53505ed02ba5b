import { isGrpcServiceError } from '@temporalio/client';

/** The codes of gRPC that Holdfast tells apart (grpc.io/docs/guides/status-codes). */
export const grpcCodes = {
  invalidArgument: 3,
  deadlineExceeded: 4,
  notFound: 5,
  permissionDenied: 7,
  resourceExhausted: 8,
  unavailable: 14,
  unauthenticated: 16,
} as const;

export interface GrpcProblem {
  readonly code: number;
  readonly details: string;
}

/** The gRPC error in an error or among its causes. */
export function grpcProblem(error: unknown): GrpcProblem | undefined {
  for (let at = error; at instanceof Error; at = at.cause) {
    if (isGrpcServiceError(at)) return { code: at.code, details: at.details };
  }
  return undefined;
}

/** The server, or the way to it, is away for a while: asking again can help. */
export function isPassing(error: unknown): boolean {
  const { deadlineExceeded, resourceExhausted, unavailable } = grpcCodes;
  const code = grpcProblem(error)?.code;
  return code === deadlineExceeded || code === resourceExhausted || code === unavailable;
}
