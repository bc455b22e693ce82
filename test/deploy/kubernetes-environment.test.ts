import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import type { IContainer } from 'kubernetes-models/v1';
import { readFleet } from '../../src/fleet/fleet.ts';
import { isFleet } from '../../src/fleet/is-fleet.ts';
import { temporaryFolder } from '../support/fake-programs.ts';
import { deployKubernetes, overlays, type PlatformJob, readJob } from '../support/kubernetes/pod.ts';
import { acceptedByBackup, acceptedByDrill, dummies, type Variables } from './environments.ts';

const urls: Variables = {
  shop: 'postgresql://backup:pw@db.example.com/shop?sslmode=require',
  crm: 'postgresql://backup:pw@db.example.com/crm?sslmode=require',
};

/** The variables of a container, its files made in a folder of this test's with values of their right form. */
function lay(job: PlatformJob, container: IContainer): { variables: Record<string, string>; paths: string[] } {
  const root = temporaryFolder();
  const variables = job.environment(container);
  const paths = job.files(container).map(({ variable, path, key, content = dummies[key] }) => {
    assert.ok(content !== undefined, `${variable} names ${key}, which this test has no value for`);
    const local = join(root, path);
    mkdirSync(dirname(local), { recursive: true });
    writeFileSync(local, content.replaceAll('/secrets/', join(root, 'secrets/')));
    variables[variable] = local;
    return local;
  });
  return { variables, paths };
}

/** Reads the variables as the container's command would; a fleet's as each of its members. */
function accept(variables: Record<string, string>, container: IContainer): void {
  if (container.args?.[0] !== 'backup') {
    assert.match(container.args?.[0] ?? '', /^(drill|check)$/);
    // The same configuration, and only the drill has a key.
    acceptedByDrill({
      ...(container.args?.[0] === 'check' && { AGE_IDENTITY: dummies['AGE_IDENTITY'] }),
      ...variables,
    });
  } else if (isFleet(variables)) acceptedByFleet(variables);
  else acceptedByBackup(variables);
}

function acceptedByFleet(variables: Record<string, string>): void {
  for (const index of ['0', '1']) {
    // What Kubernetes gives each pod of an Indexed Job.
    const fleet = readFleet({
      ...variables,
      JOB_COMPLETION_INDEX: index,
      HOSTNAME: `pg-offsite-fleet-29385617-${index}`,
    });
    assert.deepEqual(fleet.config.warnings, []);
    assert.equal(fleet.run, 'pg-offsite-fleet-29385617');
    assert.deepEqual([fleet.index, fleet.shards], [Number(index), 2]);
    assert.deepEqual(
      fleet.members.map(({ name }) => name),
      Object.keys(urls),
    );
    for (const member of fleet.members) {
      const file = member.source.kind === 'file' ? member.source.path : '';
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, urls[member.name] ?? '');
      const own = fleet.environmentOf(member);
      acceptedByBackup(Object.fromEntries(Object.entries(own).filter(([, value]) => value !== undefined)) as Variables);
    }
  }
}

for (const overlay of overlays) {
  const job = readJob(overlay);
  for (const container of job.pod.containers) {
    test(`the variables and files of ${overlay} (${container.name}) are understood, and none is too many`, () => {
      const { variables, paths } = lay(job, container);
      accept(variables, container);
      for (const path of paths) {
        const content = readFileSync(path);
        rmSync(path);
        assert.throws(() => accept(variables, container), new RegExp(`${path}|cannot be read`), path);
        writeFileSync(path, content);
      }
      assert.throws(() => accept({ ...variables, S3_REGOIN: 'x' }, container), /S3_REGOIN/);
    });
  }
}

test('each line that settings.env offers is understood in its place', () => {
  const offered = readFileSync(join(deployKubernetes, 'settings/settings.env'), 'utf8').match(
    /(?<=^#)[A-Z0-9_]+=.*$/gm,
  );
  assert.ok(offered && offered.length >= 2);
  for (const overlay of overlays) {
    const job = readJob(overlay);
    for (const container of job.pod.containers) {
      const { variables } = lay(job, container);
      for (const line of offered) {
        const at = line.indexOf('=');
        accept({ ...variables, [line.slice(0, at)]: line.slice(at + 1) }, container);
      }
    }
  }
});

test('each job has the secrets that it needs and no others, in a namespace of its own', () => {
  const secrets = overlays.map((overlay) => {
    const job = readJob(overlay);
    const keys = job.pod.containers
      .flatMap((container) => job.files(container))
      .filter(({ content }) => content === undefined);
    assert.deepEqual([...new Set(keys.map(({ object }) => object))], [job.cronJob.metadata?.name]);
    return [job.cronJob.metadata?.namespace, ...new Set(keys.map(({ key }) => key))];
  });
  const store = ['S3_ACCESS_KEY_ID', 'S3_SECRET_ACCESS_KEY'];
  assert.deepEqual(secrets, [
    ['pg-offsite', 'DATABASE_URL', ...store],
    ['pg-offsite-drill', 'AGE_IDENTITY', ...store],
    ['pg-offsite-check', ...store],
    ['pg-offsite-fleet', ...store],
  ]);
});
