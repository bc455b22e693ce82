import type { S3StoreConfig } from '../config/config.ts';

/** Whose store it is and what follows from that, for people. Nothing is asked. */
export function describeProvider({ provider, endpoint }: S3StoreConfig): string {
  if (provider === undefined) {
    return 'the address is of no provider that is known by it: MinIO, Ceph or another; nothing is preset';
  }
  const by = endpoint === undefined ? 'no other address is set' : 'told by its address';
  const preset = provider.presets.length === 0 ? 'all is set by you' : `preset: ${provider.presets.join(', ')}`;
  return `${provider.name} (${by}); ${preset}`;
}
