/** A setting that a provider may not know. */
export type Feature = 'tags' | 'objectLock' | 'AES256' | 'aws:kms';

/**
 * Where a provider honours `If-None-Match: *`: on every write, on small ones only, or on none. `put` is also right where
 * it is not known: a small write is tried with it first, and without it after a refusal.
 */
export type ConditionalWrites = 'all' | 'put' | 'none';

/** What is certain about a provider, from its own documents. What is left out is as on AWS, or is not known. */
export interface Provider {
  /** For people. */
  readonly name: string;
  /** Matches the host of its addresses, without a port; its group `region` is the region to sign for. */
  readonly host: RegExp;
  /** The region, where every address has the same. */
  readonly region?: string;
  /** Regions by what the host calls them, where those are two names. */
  readonly regions?: Readonly<Record<string, string>>;
  /** It wants `https://bucket.endpoint`. */
  readonly virtualHosts?: true;
  /** Whether the SDK's own checksums are always right, or are known to be refused, at least in some regions. */
  readonly checksums?: 'supported' | 'refused';
  /** Parts of one upload, where it is not 10,000. */
  readonly maxParts?: number;
  readonly conditionalWrites?: ConditionalWrites;
  /** All there are. */
  readonly storageClasses?: readonly string[];
  /** What it refuses (or, worse, ignores), with what to do instead, as the second half of a sentence. */
  readonly lacks?: Readonly<Partial<Record<Feature, string>>>;
  /** What it does not write of, so that nobody knows before a run has tried it. */
  readonly doubts?: readonly Feature[];
}

/** A provider that was recognised. */
export interface Recognised {
  readonly provider: Provider;
  /** The region that the host names, or undefined. */
  readonly region: string | undefined;
}

/** A provider and what knowing it decided, for people. */
export interface ProviderInUse {
  readonly name: string;
  /** The settings that come from it, in words: `region auto`. What the user set is not among them. */
  readonly presets: readonly string[];
}
