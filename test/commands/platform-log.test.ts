import assert from 'node:assert/strict';
import { test } from 'node:test';
import { platformLogHint } from '../../src/commands/platform-log.ts';

for (const [platform, env, hint] of [
  [
    'Railway',
    { RAILWAY_PROJECT_ID: 'p', RAILWAY_SERVICE_ID: 's', RAILWAY_ENVIRONMENT_ID: 'e', RAILWAY_DEPLOYMENT_ID: 'd' },
    'https://railway.com/project/p/service/s?environmentId=e&id=d',
  ],
  ['Render', { RENDER: 'true', RENDER_SERVICE_ID: 'crn-1' }, 'https://dashboard.render.com/cron/crn-1/logs'],
  ['Fly', { FLY_APP_NAME: 'shop', FLY_MACHINE_ID: 'm1' }, 'fly logs --app shop --machine m1'],
  ['GitHub Actions', { GITHUB_RUN_ID: '7', GITHUB_REPOSITORY: 'me/shop' }, 'https://github.com/me/shop/actions/runs/7'],
  ['GitLab', { CI_JOB_URL: 'https://gitlab.com/me/-/jobs/7' }, 'https://gitlab.com/me/-/jobs/7'],
  ['Cloud Run', { CLOUD_RUN_JOB: 'b', CLOUD_RUN_EXECUTION: 'b-1' }, 'gcloud beta run jobs executions logs read b-1'],
  ['Heroku', { DYNO: 'scheduler.1' }, 'heroku logs --dyno scheduler.1 --app <the app>'],
  [
    'Kubernetes',
    { KUBERNETES_SERVICE_HOST: '10.0.0.1', HOSTNAME: 'backup-1', POD_NAMESPACE: 'prod' },
    'kubectl logs backup-1 --namespace prod',
  ],
] as const) {
  test(`where ${platform} shows the log`, () => {
    assert.equal(platformLogHint(env), `The whole log: ${hint}`);
  });
}

test('elsewhere nothing is known, not even where a name is there by half', () => {
  assert.equal(platformLogHint({ HOSTNAME: 'laptop', PATH: '/bin', RENDER: 'true', GITHUB_RUN_ID: '' }), undefined);
});
