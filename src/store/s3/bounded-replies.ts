import { Readable } from 'node:stream';
import type { S3Client } from '@aws-sdk/client-s3';

/** A page of 1000 keys of 1 KiB each, every character of which takes six in XML, is smaller. */
const mostBytes = 8 * 1024 ** 2;

/**
 * Makes a client refuse replies that are longer than any that S3 gives, but for the objects themselves: the SDK reads a
 * reply into memory before it looks at it.
 */
export function boundReplies(client: S3Client): void {
  client.middlewareStack.add(
    (next, context) => async (args) => {
      const result = await next(args);
      const response = result.response as { readonly statusCode?: number; body?: unknown };
      const isObject = context.commandName === 'GetObjectCommand' && (response.statusCode ?? 0) < 300;
      if (!isObject && response.body instanceof Readable) response.body = bounded(response.body);
      return result;
    },
    { step: 'deserialize', priority: 'low', name: 'boundReplies' },
  );
}

function bounded(body: Readable): Readable {
  return Readable.from(counted(body), { objectMode: false });
}

async function* counted(body: Readable): AsyncGenerator<Uint8Array, void, undefined> {
  let bytes = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > mostBytes) throw Object.assign(new Error('longer than any reply of S3'), { code: 'ReplyTooLong' });
    yield chunk;
  }
}
