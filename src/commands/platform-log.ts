type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Where the platform that runs this shows the whole log: a command or an address, seen from the variables that it sets.
 * Undefined where the platform is not known.
 */
export function platformLogHint(env: Environment): string | undefined {
  const on = (...names: string[]): boolean => names.every((name) => (env[name] ?? '') !== '');
  const value = (name: string): string => env[name] ?? '';
  if (on('RAILWAY_PROJECT_ID', 'RAILWAY_SERVICE_ID')) {
    const id = on('RAILWAY_DEPLOYMENT_ID') ? `&id=${value('RAILWAY_DEPLOYMENT_ID')}` : '';
    const where = `${value('RAILWAY_PROJECT_ID')}/service/${value('RAILWAY_SERVICE_ID')}`;
    return `The whole log: https://railway.com/project/${where}?environmentId=${value('RAILWAY_ENVIRONMENT_ID')}${id}`;
  }
  if (on('RENDER', 'RENDER_SERVICE_ID')) {
    return `The whole log: https://dashboard.render.com/cron/${value('RENDER_SERVICE_ID')}/logs`;
  }
  if (on('FLY_APP_NAME')) {
    const machine = on('FLY_MACHINE_ID') ? ` --machine ${value('FLY_MACHINE_ID')}` : '';
    return `The whole log: fly logs --app ${value('FLY_APP_NAME')}${machine}`;
  }
  if (on('GITHUB_RUN_ID', 'GITHUB_REPOSITORY')) {
    const server = on('GITHUB_SERVER_URL') ? value('GITHUB_SERVER_URL') : 'https://github.com';
    return `The whole log: ${server}/${value('GITHUB_REPOSITORY')}/actions/runs/${value('GITHUB_RUN_ID')}`;
  }
  if (on('CI_JOB_URL')) return `The whole log: ${value('CI_JOB_URL')}`;
  if (on('CLOUD_RUN_JOB', 'CLOUD_RUN_EXECUTION')) {
    return `The whole log: gcloud beta run jobs executions logs read ${value('CLOUD_RUN_EXECUTION')}`;
  }
  if (on('DYNO')) return `The whole log: heroku logs --dyno ${value('DYNO')} --app <the app>`;
  if (on('KUBERNETES_SERVICE_HOST', 'HOSTNAME')) {
    const namespace = on('POD_NAMESPACE') ? ` --namespace ${value('POD_NAMESPACE')}` : '';
    return `The whole log: kubectl logs ${value('HOSTNAME')}${namespace}`;
  }
  return undefined;
}
