import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { IContainer } from 'kubernetes-models/v1';
import { onlyLine } from '../backup/scene.ts';
import { buildImage, inspectImage, runContainer } from '../support/image/container.ts';
import { readJob, type Overlay } from '../support/kubernetes/pod.ts';
import { podFlags, type PodResult, runPod } from '../support/kubernetes/run-pod.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { useS3 } from '../support/s3.ts';

const s3 = await useS3();

describe('the image with exactly the settings of the pods in deploy/kubernetes', () => {
  let image = '';
  let server: TestPostgres;
  let identity = '';
  let settings: Record<string, string> = {};
  let secrets: Record<string, string> = {};
  before(async () => {
    [image, server] = await Promise.all([buildImage(), startPostgres({ password: 'p@ss:w/rd%#' })]);
    await server.createDatabase('shop', join(import.meta.dirname, 'rich.sql'));
    const keys = (await runContainer(image, { flags: ['--entrypoint=age-keygen'] })).stdout;
    identity = /AGE-SECRET-KEY-\w+/.exec(keys)?.[0] ?? '';
    const bucket = await s3.createBucket();
    settings = {
      BACKUP_DESTINATION: `s3://${bucket}/production`,
      S3_ENDPOINT: s3.endpoint,
      S3_REGION: s3.region,
      AGE_RECIPIENTS: /age1\w+/.exec(keys)?.[0] ?? '',
    };
    secrets = { S3_ACCESS_KEY_ID: s3.accessKeyId, S3_SECRET_ACCESS_KEY: s3.secretAccessKey };
  });
  after(() => server.stop());

  const only = (overlay: Overlay, name: string = overlay): IContainer => {
    const container = readJob(overlay).pod.containers.find((one) => one.name === name);
    assert.ok(container, name);
    return container;
  };
  const run = (overlay: Overlay, container: IContainer, own: Record<string, string> = {}): Promise<PodResult> =>
    runPod(readJob(overlay), container, { image, settings, secrets: { ...secrets, ...own } });

  test('has the user of the manifests, who gets the limits and rights of the manifests', async () => {
    const { pod } = readJob('daily');
    const { User } = (await inspectImage(image))['Config'] as { User: string };
    assert.equal(User, `${pod.securityContext?.runAsUser}:${pod.securityContext?.runAsGroup}`);
    const script = `
      cat /sys/fs/cgroup/memory.max 2>/dev/null || cat /sys/fs/cgroup/memory/memory.limit_in_bytes
      id -u; id -g; id -G; grep -E '^(CapEff|CapBnd|NoNewPrivs)' /proc/self/status | tr -d '\\t'; touch /x /tmp/x 2>&1 || true`;
    const flags = [...podFlags(readJob('daily'), only('daily', 'backup')), '--entrypoint=sh'];
    const { stdout, stderr } = await runContainer(image, { args: ['-c', script], flags });
    assert.deepEqual(stdout.trim().split('\n').slice(0, 7), [
      String(512 * 1024 ** 2),
      ...['10001', '10001', '10001'],
      ...['CapEff:0000000000000000', 'CapBnd:0000000000000000', 'NoNewPrivs:1'],
    ]);
    assert.equal(stdout.match(/Read-only file system/g)?.length, 2, stdout + stderr);
  });

  test('makes a backup, finds it fresh, drills it, and finds it proved', async () => {
    const stale = await run('check', only('check', 'backups'));
    assert.equal(stale.exitCode, 79, stale.stderr);
    assert.equal((JSON.parse(stale.terminationMessage) as { exitCode: number }).exitCode, 79);

    const backup = await run('daily', only('daily', 'backup'), { DATABASE_URL: server.url('shop') });
    assert.equal(backup.exitCode, 0, backup.stderr);
    const { outcome, id } = onlyLine(backup.stdout);
    assert.equal(outcome, 'success');
    assert.equal((JSON.parse(backup.terminationMessage) as { id: string }).id, id);
    assert.doesNotMatch(backup.stdout + backup.stderr + backup.terminationMessage, /p@ss|p%40ss/);
    const fresh = await run('check', only('check', 'backups'));
    assert.equal(fresh.exitCode, 0, fresh.stdout + fresh.stderr);

    const unproved = await run('check', only('check', 'proofs'));
    assert.equal(unproved.exitCode, 79, unproved.stdout + unproved.stderr);
    const drill = await run('drill', only('drill'), { AGE_IDENTITY: identity });
    assert.equal(drill.exitCode, 0, drill.stdout + drill.stderr);
    assert.match(drill.stdout, /^passed: shop /m);
    const proved = await run('check', only('check', 'proofs'));
    assert.equal(proved.exitCode, 0, proved.stdout + proved.stderr);
  });

  test('drills in 512 MiB too, with the server’s files in that memory besides', async () => {
    const container = only('drill');
    const small = { ...container, resources: only('daily', 'backup').resources } as IContainer;
    const drill = await run('drill', small, { AGE_IDENTITY: identity });
    assert.equal(drill.exitCode, 0, drill.stdout + drill.stderr);
  });

  test('makes a backup of each database of a fleet, in one pod or the other', async () => {
    const files: Record<string, string> = {};
    for (const name of ['shop', 'crm']) files[`/secrets/databases/${name}`] = server.url('shop');
    const bucket = await s3.createBucket();
    const own = { ...settings, BACKUP_DESTINATION: `s3://${bucket}/fleet` };
    const job = readJob('fleet');
    const shards = job.cronJob.spec.jobTemplate.spec?.completions ?? 0;
    const done: unknown[] = [];
    for (let index = 0; index < shards; index++) {
      const pod = await runPod(job, only('fleet'), { image, settings: own, secrets, files, index });
      assert.equal(pod.exitCode, 0, pod.stdout + pod.stderr);
      const { fleet, members } = onlyLine(pod.stdout) as { fleet: object; members: { member: string }[] };
      assert.deepEqual(fleet, { run: 'pg-offsite-fleet-29385617', index, shards, members: 2 });
      done.push(...members.map(({ member }) => member));
    }
    assert.deepEqual(done.sort(), ['crm', 'shop']);
    const manifests = (await s3.objects(bucket)).filter(({ key }) => key.endsWith('/manifest.json'));
    assert.deepEqual(
      manifests.map(({ key }) => key.split('/')[1]),
      ['crm', 'shop'],
    );
  });

  test('cannot read a secret that its group may not read, and says so', async () => {
    const job = readJob('daily');
    const pod = { ...job.pod, securityContext: { ...job.pod.securityContext, fsGroup: 20002 } };
    const container = only('daily', 'backup');
    const flags = job.files(container).map((file) => ({ ...file, mode: 0o400 }));
    const refused = await runPod({ ...job, pod, files: () => flags }, container, {
      image,
      settings,
      secrets: { ...secrets, DATABASE_URL: server.url('shop') },
    });
    assert.equal(refused.exitCode, 78, refused.stderr);
    assert.match(refused.stderr, /DATABASE_URL_FILE names a file that cannot be read \(EACCES\)/);
  });
});
