import { parse } from 'yaml';

/** An environment that another tool publishes as its example, word for word. */
export interface Published {
  readonly tool: string;
  /** Where it stands. */
  readonly source: string;
  readonly env: Readonly<Record<string, string>>;
}

/** The variables of `docker run`. */
function fromCommand(text: string): Record<string, string> {
  const all = [...text.matchAll(/-e (\w+)=("[^"]*"|\S+)/g)];
  return Object.fromEntries(all.map(([, name = '', value = '']) => [name, value.replaceAll('"', '')]));
}

/** The variables of one service of a Compose file, in either of its forms. */
function fromCompose(text: string, service: string): Record<string, string> {
  type Variables = Record<string, unknown> | string[];
  const { environment } = (parse(text) as Record<string, { environment: Variables }>)[service] ?? { environment: [] };
  const pairs = Array.isArray(environment)
    ? environment.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)])
    : Object.entries(environment);
  return Object.fromEntries(pairs.map(([name, value]) => [name, String(value)]));
}

/** The variables of a container of Kubernetes; those without a value have `filled` ones. */
function fromKubernetes(text: string, filled: Record<string, string>): Record<string, string> {
  const { env } = parse(text) as { env: { name: string; value: string }[] };
  return Object.fromEntries(env.map(({ name, value }) => [name, value || (filled[name] ?? '')]));
}

/** The rows of a table of names and values. */
function fromTable(text: string): Record<string, string> {
  return Object.fromEntries(
    [...text.matchAll(/^ *\| `(\w+)` *\| `([^`]*)` *\|$/gm)].map(([, name = '', value = '']) => [name, value]),
  );
}

export const schickling: Published = {
  tool: 'schickling/postgres-backup-s3',
  source: 'https://github.com/schickling/dockerfiles/blob/master/postgres-backup-s3/README.md',
  env: fromCommand(
    '$ docker run -e S3_ACCESS_KEY_ID=key -e S3_SECRET_ACCESS_KEY=secret -e S3_BUCKET=my-bucket -e S3_PREFIX=backup -e POSTGRES_DATABASE=dbname -e POSTGRES_USER=user -e POSTGRES_PASSWORD=password -e POSTGRES_HOST=localhost schickling/postgres-backup-s3',
  ),
};

export const eeshugerman: Published = {
  tool: 'eeshugerman/postgres-backup-s3',
  source: 'https://github.com/eeshugerman/postgres-backup-s3/blob/master/README.md',
  env: fromCompose(
    `postgres:
  image: postgres:13
  environment:
    POSTGRES_USER: user
    POSTGRES_PASSWORD: password

pg_backup_s3:
  image: eeshugerman/postgres-backup-s3:13
  environment:
    SCHEDULE: '@weekly'     # optional
    BACKUP_KEEP_DAYS: 7     # optional
    PASSPHRASE: passphrase  # optional
    S3_REGION: region
    S3_ACCESS_KEY_ID: key
    S3_SECRET_ACCESS_KEY: secret
    S3_BUCKET: my-bucket
    S3_PREFIX: backup
    POSTGRES_HOST: postgres
    POSTGRES_DATABASE: dbname
    POSTGRES_USER: user
    POSTGRES_PASSWORD: password
`,
    'pg_backup_s3',
  ),
};

export const siemens: Published = {
  tool: 'siemens/postgres-backup-s3',
  source: 'https://github.com/siemens/postgres-backup-s3/blob/master/README.md',
  env: fromCompose(
    `pg_backup_s3:
  image: eeshugerman/postgres-backup-s3:13
  environment:
    SCHEDULE: '@weekly'
    PASSPHRASE: passphrase
    S3_REGION: region
    S3_ACCESS_KEY_ID: key
    S3_SECRET_ACCESS_KEY: secret
    S3_BUCKET: my-bucket
    S3_PREFIX: backup
    POSTGRES_HOST: postgres
    POSTGRES_DATABASE: dbname
    POSTGRES_USER: user
    POSTGRES_PASSWORD: password
    ENABLE_METRICS: true
`,
    'pg_backup_s3',
  ),
};

const itbmSource = 'https://github.com/itbm/postgresql-backup-s3/blob/master/README.md';

export const itbm: Published = {
  tool: 'itbm/postgresql-backup-s3',
  source: itbmSource,
  env: fromCommand(
    '$ docker run -e S3_ACCESS_KEY_ID=key -e S3_SECRET_ACCESS_KEY=secret -e S3_BUCKET=my-bucket -e S3_PREFIX=backup -e POSTGRES_DATABASE=dbname -e POSTGRES_USER=user -e POSTGRES_PASSWORD=password -e POSTGRES_HOST=localhost itbm/postgres-backup-s3',
  ),
};

/** The same with what its README adds further down. */
export const itbmFull: Published = {
  ...itbm,
  tool: `${itbm.tool}, with a schedule, encryption and retention`,
  env: {
    ...itbm.env,
    ...fromCommand(
      '-e SCHEDULE="@daily" -e DELETE_OLDER_THAN="30 days ago" -e ENCRYPTION_PASSWORD="superstrongpassword"',
    ),
  },
};

export const itbmKubernetes: Published = {
  tool: `${itbm.tool} on Kubernetes`,
  source: itbmSource,
  env: fromKubernetes(
    `        env:
        - name: POSTGRES_DATABASE
          value: ""
        - name: POSTGRES_HOST
          value: ""
        - name: POSTGRES_PORT
          value: ""
        - name: POSTGRES_PASSWORD
          value: ""
        - name: POSTGRES_USER
          value: ""
        - name: S3_ACCESS_KEY_ID
          value: ""
        - name: S3_SECRET_ACCESS_KEY
          value: ""
        - name: S3_BUCKET
          value: ""
        - name: S3_ENDPOINT
          value: "https://s3"
        - name: S3_REGION
          value: ""
        - name: S3_S3V4
          value: "yes"
        - name: S3_PREFIX
          value: ""
        - name: DELETE_OLDER_THAN
          value: "15 days ago"   
`,
    {
      POSTGRES_DATABASE: 'dbname',
      POSTGRES_HOST: 'postgres',
      POSTGRES_PORT: '5432',
      POSTGRES_PASSWORD: 'password',
      POSTGRES_USER: 'user',
      S3_ACCESS_KEY_ID: 'key',
      S3_SECRET_ACCESS_KEY: 'secret',
      S3_BUCKET: 'my-bucket',
      S3_REGION: 'us-west-1',
    },
  ),
};

/** Its README names the variables and the values with which it does something; those of the account are the user's. */
export const railway: Published = {
  tool: 'railwayapp-templates/postgres-s3-backups',
  source: 'https://github.com/railwayapp-templates/postgres-s3-backups/blob/main/README.md',
  env: fromTable(`
    | \`AWS_ACCESS_KEY_ID\` | \`key\` |
    | \`AWS_SECRET_ACCESS_KEY\` | \`secret\` |
    | \`AWS_S3_BUCKET\` | \`my-bucket\` |
    | \`AWS_S3_REGION\` | \`auto\` |
    | \`BACKUP_DATABASE_URL\` | \`postgresql://postgres:password@postgres.railway.internal:5432/railway\` |
    | \`BACKUP_CRON_SCHEDULE\` | \`0 5 * * *\` |
    | \`AWS_S3_ENDPOINT\` | \`https://0123456789abcdef.r2.cloudflarestorage.com\` |
    | \`AWS_S3_FORCE_PATH_STYLE\` | \`false\` |
    | \`RUN_ON_STARTUP\` | \`true\` |
    | \`BACKUP_FILE_PREFIX\` | \`backup\` |
    | \`BUCKET_SUBFOLDER\` | \`postgres\` |
    | \`SINGLE_SHOT_MODE\` | \`true\` |
    | \`SUPPORT_OBJECT_LOCK\` | \`false\` |
    | \`BACKUP_OPTIONS\` | \`--exclude-table=pattern\` |
    | \`NODE_VERSION\` | \`22.14.0\` |
    | \`PG_VERSION\` | \`16\` |
  `),
};

/** Its guide tells what each variable is to be. */
export const render: Published = {
  tool: 'render-examples/postgres-s3-backups',
  source: 'https://render.com/docs/backup-postgresql-to-s3',
  env: fromTable(`
    | \`DATABASE_URL\` | \`postgresql://user:password@dpg-0123456789-a/dbname\` |
    | \`AWS_REGION\` | \`us-west-2\` |
    | \`S3_BUCKET_NAME\` | \`your-username-dbname-render-postgres-backups\` |
    | \`AWS_ACCESS_KEY_ID\` | \`AKIAXXXXXXXXXXXXXXXX\` |
    | \`AWS_SECRET_ACCESS_KEY\` | \`secret\` |
    | \`POSTGRES_VERSION\` | \`14\` |
    | \`ALPINE_VERSION\` | \`3.20\` |
  `),
};

export const prodrigestivill: Published = {
  tool: 'prodrigestivill/postgres-backup-local',
  source: 'https://github.com/prodrigestivill/docker-postgres-backup-local/blob/main/README.md',
  env: fromCompose(
    `    pgbackups:
        image: prodrigestivill/postgres-backup-local
        restart: always
        user: postgres:postgres # Optional: see below
        volumes:
            - /var/opt/pgbackups:/backups
        links:
            - postgres
        depends_on:
            - postgres
        environment:
            - POSTGRES_HOST=postgres
            - POSTGRES_DB=database
            - POSTGRES_USER=username
            - POSTGRES_PASSWORD=password
         #  - POSTGRES_PASSWORD_FILE=/run/secrets/db_password <-- alternative for POSTGRES_PASSWORD (to use with docker secrets)
            - POSTGRES_EXTRA_OPTS=-Z6 --schema=public --blobs
            - SCHEDULE=@daily
            - BACKUP_KEEP_DAYS=7
            - BACKUP_KEEP_WEEKS=4
            - BACKUP_KEEP_MONTHS=6
            - HEALTHCHECK_PORT=8080
`,
    'pgbackups',
  ),
};
