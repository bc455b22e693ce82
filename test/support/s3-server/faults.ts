/** The operations that the server knows. */
export type S3Operation =
  | 'ListBuckets'
  | 'CreateBucket'
  | 'HeadBucket'
  | 'ListObjectsV2'
  | 'ListMultipartUploads'
  | 'PutObject'
  | 'PutObjectTagging'
  | 'PutObjectRetention'
  | 'GetBucketLifecycle'
  | 'PutBucketLifecycle'
  | 'GetObject'
  | 'HeadObject'
  | 'DeleteObject'
  | 'CreateMultipartUpload'
  | 'UploadPart'
  | 'CompleteMultipartUpload'
  | 'AbortMultipartUpload'
  | 'ListParts'
  | 'Unknown';

/** One request as the server saw it. `status` is 0 until answered, and stays so when the connection was cut instead. */
export interface S3Call {
  readonly operation: S3Operation;
  readonly bucket: string;
  readonly key: string;
  readonly at: Date;
  readonly partNumber: number | undefined;
  readonly uploadId: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  /** The request body's length; what arrived of it when the connection was cut. */
  bytes: number;
  status: number;
}

/** What goes wrong with a request. */
export type FaultAction =
  /** Answers this instead of doing what was asked; `body` replaces the usual error XML. */
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly code?: string;
      readonly message?: string;
      readonly body?: string;
      readonly headers?: Record<string, string>;
    }
  /** Waits, then goes on as usual. */
  | { readonly kind: 'delay'; readonly ms: number }
  /** Reads the request, waits, then does what was asked, whether or not the client is still there. */
  | { readonly kind: 'late'; readonly ms: number }
  /** Cuts the connection once half of the request body has been read; nothing is stored. */
  | { readonly kind: 'reset' }
  /** Does what was asked, calls `then`, and cuts the connection instead of answering. */
  | { readonly kind: 'lose-reply'; readonly then?: () => void }
  /** Reads the request and never answers. */
  | { readonly kind: 'hang' }
  /** Reads the request body no faster than this. */
  | { readonly kind: 'slow-read'; readonly bytesPerSecond: number }
  /** Cuts the connection after this many bytes of the answer's body. */
  | { readonly kind: 'cut-body'; readonly afterBytes: number }
  /** Answers as if the object ended after this many bytes. */
  | { readonly kind: 'short-body'; readonly bytes: number }
  /** Flips one bit of what is stored, and answers as if all were well. */
  | { readonly kind: 'corrupt' }
  /** Flips one bit of the answer's body. */
  | { readonly kind: 'corrupt-body' }
  /** Adds or replaces headers of an otherwise normal answer. */
  | { readonly kind: 'headers'; readonly headers: Record<string, string> };

/** When something goes wrong. Rules are asked in the order in which they were added; the first that matches acts. */
export interface FaultRule {
  readonly operation: S3Operation | readonly S3Operation[] | '*';
  /** The first matching call that is hit, counted from 1. Default 1. */
  readonly from?: number;
  /** How many calls are hit. Default: all from then on. */
  readonly times?: number;
  /** Counts a call only when this holds too. */
  readonly when?: (call: S3Call) => boolean;
  /** What is done to a call that is hit; or who decides, for each anew: undefined leaves the call alone. */
  readonly action: FaultAction | ((call: S3Call) => FaultAction | undefined);
}

/** The faults in force and how often each has been met. */
export class FaultPlan {
  #rules: { readonly rule: FaultRule; met: number }[] = [];

  add(rule: FaultRule): void {
    this.#rules.push({ rule, met: 0 });
  }

  clear(): void {
    this.#rules = [];
  }

  /** The action for this call, if any; counts it for every rule that it matches. */
  next(call: S3Call): FaultAction | undefined {
    let action: FaultAction | undefined;
    for (const entry of this.#rules) {
      const { operation, from = 1, times = Infinity, when } = entry.rule;
      const named = operation === '*' || operation === call.operation || operation.includes(call.operation);
      if (!named || (when && !when(call))) continue;
      entry.met += 1;
      if (action !== undefined || entry.met < from || entry.met >= from + times) continue;
      action = typeof entry.rule.action === 'function' ? entry.rule.action(call) : entry.rule.action;
    }
    return action;
  }
}
