import { openStore } from '../../../src/store/open.ts';
import { Secret } from '../../../src/config/secret.ts';
import { useS3 } from '../../support/s3.ts';
import { storeContract } from '../contract.ts';
import { keptLog, s3Config } from '../scripted.ts';

const s3 = await useS3();

for (const checksums of ['required', 'supported'] as const) {
  storeContract(`the S3 store on Ceph with ${checksums} checksums`, async () => {
    const bucket = await s3.createBucket();
    const config = s3Config(s3.endpoint, {
      bucket,
      checksums,
      accessKeyId: new Secret(s3.accessKeyId),
      secretAccessKey: new Secret(s3.secretAccessKey),
      requestTimeoutMs: 20_000,
      retryForMs: 20_000,
    });
    return {
      store: openStore(config, keptLog().log),
      allKeys: async () => (await s3.objects(bucket)).map(({ key }) => key.replace(/^pg\//, '')),
      openUploads: async () => (await s3.openUploads(bucket)).length,
    };
  });
}
