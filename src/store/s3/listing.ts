import { ListObjectsV2Command, type ListObjectsV2CommandOutput } from '@aws-sdk/client-s3';
import { Failure } from '../../errors.ts';
import type { Call, RetryingClient } from './client.ts';

/** One listed object. */
export interface ListedObject {
  readonly key: string;
  readonly bytes: number;
  readonly lastModified: Date;
}

/** What to list: whole keys of the bucket. */
export interface ListingRequest {
  readonly client: RetryingClient;
  readonly bucket: string;
  readonly prefix: string;
}

/** Objects whose key starts with the prefix, in key order; with `after`, those behind it, where the store knows that. */
export async function* listObjects(
  request: ListingRequest,
  after: string | undefined,
  call: Call,
): AsyncGenerator<ListedObject> {
  for await (const page of pages(request, { StartAfter: after }, call)) {
    for (const { Key, Size, LastModified } of page.Contents ?? []) {
      if (Key) yield { key: Key, bytes: Size ?? 0, lastModified: LastModified ?? new Date(0) };
    }
  }
}

/** The folders right below a prefix that is empty or ends with a slash: whole prefixes with their slash, each once. */
export async function* listFolders(request: ListingRequest, call: Call): AsyncGenerator<string> {
  let last = '';
  for await (const page of pages(request, { Delimiter: '/' }, call)) {
    // A store that does not know delimiters lists the objects themselves.
    const keys = [
      ...(page.CommonPrefixes ?? []).map(({ Prefix }) => Prefix),
      ...(page.Contents ?? []).map(({ Key }) => Key),
    ];
    for (const key of keys) {
      const end = key?.indexOf('/', request.prefix.length) ?? -1;
      const folder = key?.slice(0, end + 1) ?? '';
      if (end === -1 || folder === last) continue;
      yield folder;
      last = folder;
    }
  }
}

async function* pages(
  { client, bucket, prefix }: ListingRequest,
  form: { readonly StartAfter?: string | undefined; readonly Delimiter?: string },
  call: Call,
): AsyncGenerator<ListObjectsV2CommandOutput> {
  let token: string | undefined;
  do {
    const input = { Bucket: bucket, Prefix: prefix, ...form, ContinuationToken: token };
    const page = await client.send(new ListObjectsV2Command(input), call);
    yield page;
    const next = page.IsTruncated ? page.NextContinuationToken : undefined;
    // Asked for again it would not end, and half a list must not be taken for all of it.
    if (page.IsTruncated && (next === undefined || next === token)) {
      throw new Failure('store', `the list of s3://${bucket}/${prefix} goes on, and the store does not say where`);
    }
    token = next;
  } while (token !== undefined);
}
