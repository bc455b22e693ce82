import type { Feature, Provider } from '../store/s3/provider.ts';
import type { S3StoreConfig } from './config.ts';
import type { Endpoint } from './endpoint.ts';
import { quote, type ReadValues } from './environment.ts';
import type { Findings } from './findings.ts';
import type { VariableName } from './variables.ts';

type Preset = Pick<
  S3StoreConfig,
  'provider' | 'region' | 'forcePathStyle' | 'checksums' | 'maxParts' | 'conditionalWrites'
>;

/** What follows from whose store it is, where the user has not set it. */
export function readPresets(read: ReadValues, endpoint: Endpoint, findings: Findings): Preset {
  const { values, isSet } = read;
  const { provider, region: named } = endpoint;
  const region = readRegion(read, endpoint, findings);
  const pathStyle = provider?.virtualHosts !== true;
  const checksums = provider?.checksums === 'supported' ? 'supported' : 'required';
  const presets = [
    ...(named !== undefined && region === named ? [`region ${region}`] : []),
    ...(isSet('S3_FORCE_PATH_STYLE') ? [] : [pathStyle ? 'buckets by path' : 'buckets by host']),
    ...(values.S3_CHECKSUMS === 'auto' ? [`checksums ${checksums}`] : []),
    ...(isSet('S3_MAX_PARTS') || provider?.maxParts === undefined ? [] : [`at most ${provider.maxParts} parts`]),
    ...(provider?.conditionalWrites === 'none' ? ['no conditional writes'] : []),
  ];
  return {
    provider: provider && { name: provider.name, presets },
    region,
    forcePathStyle: values.S3_FORCE_PATH_STYLE ?? pathStyle,
    checksums: values.S3_CHECKSUMS === 'auto' ? checksums : values.S3_CHECKSUMS,
    maxParts: isSet('S3_MAX_PARTS') ? values.S3_MAX_PARTS : (provider?.maxParts ?? values.S3_MAX_PARTS),
    conditionalWrites: provider?.conditionalWrites ?? 'put',
  };
}

/** A region meant for this store, else what the endpoint says, else one that AWS's own environment names. */
function readRegion({ values, nameOf }: ReadValues, { provider, region: named }: Endpoint, findings: Findings): string {
  const region = values.S3_REGION;
  const isOurs = !/^AWS_(?:DEFAULT_)?REGION$/.test(nameOf('S3_REGION'));
  if (region === undefined || (named !== undefined && !isOurs)) return named ?? 'us-east-1';
  if (!/^[A-Za-z0-9-]+$/.test(region)) {
    findings.problem(`${nameOf('S3_REGION')}=${quote(region)} is no region, for example S3_REGION=eu-central-1`);
  } else if (named !== undefined && named !== provider?.region && region !== named) {
    findings.warn(`${nameOf('S3_REGION')}=${quote(region)} is used, although the address of the store says ${named}`);
  }
  return region;
}

interface Wanted {
  readonly feature: Feature;
  readonly variable: VariableName;
  readonly isWanted: (values: ReadValues['values']) => boolean;
  /** What the provider has none of, or does not take. */
  readonly what: string;
}

const wanted: readonly Wanted[] = [
  { feature: 'tags', variable: 'S3_TAGS', isWanted: (v) => v.S3_TAGS, what: 'tags of objects' },
  {
    feature: 'objectLock',
    variable: 'S3_OBJECT_LOCK_MODE',
    isWanted: (v) => v.S3_OBJECT_LOCK_MODE !== undefined,
    what: 'Object Lock through S3',
  },
  { feature: 'AES256', variable: 'S3_SSE', isWanted: (v) => v.S3_SSE === 'AES256', what: 'S3_SSE=AES256' },
  { feature: 'aws:kms', variable: 'S3_SSE', isWanted: (v) => v.S3_SSE === 'aws:kms', what: 'S3_SSE=aws:kms' },
];

/** Refuses what the provider is known not to have, and warns of what it writes nothing of. */
export function checkProvider(
  { values, nameOf, isSet }: ReadValues,
  provider: Provider | undefined,
  findings: Findings,
): void {
  if (provider === undefined) return;
  const { name, lacks = {}, doubts = [], storageClasses, maxParts } = provider;
  for (const { feature, variable, isWanted, what } of wanted) {
    if (!isWanted(values)) continue;
    const instead = lacks[feature];
    if (instead !== undefined) {
      findings.problem(`${name} does not know ${what}: remove ${nameOf(variable)}; ${instead}`);
    } else if (doubts.includes(feature)) {
      findings.warn(`nothing is known of ${what} on ${name}: let doctor try it before you rely on ${nameOf(variable)}`);
    }
  }
  const storageClass = values.S3_STORAGE_CLASS?.toUpperCase();
  if (storageClass !== undefined && storageClasses?.includes(storageClass) === false) {
    findings.problem(
      `${nameOf('S3_STORAGE_CLASS')}=${quote(storageClass)} is no storage class of ${name}, which has ${storageClasses.join(', ')}`,
    );
  }
  if (provider.checksums === 'refused' && values.S3_CHECKSUMS === 'supported') {
    findings.warn(`${nameOf('S3_CHECKSUMS')}=supported sends headers that ${name} is known to refuse; remove it`);
  }
  if (maxParts !== undefined && isSet('S3_MAX_PARTS') && values.S3_MAX_PARTS > maxParts) {
    findings.warn(`${nameOf('S3_MAX_PARTS')} is more than the ${maxParts} parts that ${name} takes in one upload`);
  }
}
