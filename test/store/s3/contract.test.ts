import { after } from 'node:test';
import { openStore } from '../../../src/store/open.ts';
import { startS3Server, type S3Server } from '../../support/s3-server.ts';
import { storeContract } from '../contract.ts';
import { keptLog, s3Config } from '../scripted.ts';

const servers: S3Server[] = [];
after(() => Promise.all(servers.map((server) => server.close())));

for (const checksums of ['required', 'supported'] as const) {
  storeContract(`the S3 store with ${checksums} checksums`, async () => {
    const server = await startS3Server({ equalParts: true, requireChecksum: checksums === 'supported' });
    servers.push(server);
    const store = openStore(s3Config(server.url, { checksums }), keptLog().log);
    return {
      store,
      allKeys: () => Promise.resolve([...server.objects().keys()].map((key) => key.replace(/^pg\//, ''))),
      openUploads: () => Promise.resolve(server.openUploads.length),
    };
  });
}
