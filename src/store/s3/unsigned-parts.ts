import type { S3Client } from '@aws-sdk/client-s3';

interface Request {
  readonly protocol: string;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Leaves the parts of streams out of their requests' signatures where they have a CRC-32, which the store checks, and
 * TLS keeps them from being changed on the way, as AWS's own command line does: the SDK would hash every part with
 * SHA-256 a second time, 0.55 s of processor time per GB. A store that refuses that (a bucket's policy can) gets the
 * part signed, and all that follow.
 */
export function leavePartsUnsigned(client: S3Client): void {
  let refused = false;
  client.middlewareStack.add(
    (next, context) => async (args) => {
      const request = args.request as Request;
      const spared = context.commandName === 'UploadPartCommand' && request.protocol === 'https:' && hasCrc32(request);
      if (refused || !spared) return next(args);
      try {
        return await next({ ...args, request: withHeader(request, 'x-amz-content-sha256', 'UNSIGNED-PAYLOAD') });
      } catch (error) {
        if (!isRefusal(error)) throw error;
        refused = true;
        return next(args);
      }
    },
    { step: 'build', priority: 'low', name: 'leavePartsUnsigned' },
  );
}

/** A copy: signing changes a request's headers. */
function withHeader(request: Request, name: string, value: string): Request {
  const copy = Object.create(Object.getPrototypeOf(request) as object) as Request;
  return Object.assign(copy, request, { headers: { ...request.headers, [name]: value } });
}

function hasCrc32({ headers }: Request): boolean {
  return headers['x-amz-checksum-crc32'] !== undefined;
}

/** Of the request as it was made: also a wrong key, which is then refused once more. */
function isRefusal(error: unknown): boolean {
  const status = (error as { readonly $metadata?: { readonly httpStatusCode?: number } }).$metadata?.httpStatusCode;
  return status === 400 || status === 403;
}
