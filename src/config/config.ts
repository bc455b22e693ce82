import type { Word } from './kinds.ts';
import type { Secret } from './secret.ts';
import type { StoreConfig } from './store-config.ts';

export type { DirectoryStoreConfig, S3StoreConfig, StoreConfig } from './store-config.ts';

/** How to reach one PostgreSQL database, in libpq's own terms. */
export interface ConnectionConfig {
  /** Host name, address, or the folder of a unix socket when it starts with `/`. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: Secret | undefined;
  readonly database: string;
  /** True where nothing names the database, so that it is the one named like the user, as libpq does. */
  readonly unnamed?: true;
  /** The variable that says where to connect to, where it is not `DATABASE_URL`. */
  readonly variable?: string;
  /** Where the database's name is from, where it is not from the variable that says where to connect to. */
  readonly named?: 'DATABASES';
  /** Where a run is about several: the passwords of a password file for this server, first come first served. */
  readonly passwords?: readonly PassfilePassword[];
  readonly sslMode: 'disable' | 'allow' | 'prefer' | 'require' | 'verify-ca' | 'verify-full';
  /** A file of CA certificates, or `system`. */
  readonly sslRootCert: string | undefined;
  readonly sslCert: string | undefined;
  readonly sslKey: string | undefined;
  /** Seconds before a connection attempt is given up. */
  readonly connectTimeoutSeconds: number;
  /** Further libpq settings of the URL (`options`, `channel_binding`, …) as the environment variables that carry them. */
  readonly libpqEnvironment: Readonly<Record<string, string>>;
}

/** The password of a password file for one database, or for all where it is undefined. */
export interface PassfilePassword {
  readonly database: string | undefined;
  readonly password: Secret;
}

/** Several databases of one server. */
export interface DatabasesConfig {
  /** Each once; `all` is whatever the login may connect to, without templates. */
  readonly names: 'all' | readonly string[];
  /** These are left out: globs, and what stood in quotes as it is. */
  readonly exclude: readonly Word[];
  /** How many at once. */
  readonly concurrency: number;
}

/** Which database to dump and what of it. */
export interface SourceConfig {
  readonly connection: ConnectionConfig;
  /** `pg_dump` patterns, as the user wrote them. */
  readonly schemas: readonly string[];
  readonly excludeSchemas: readonly string[];
  readonly tables: readonly string[];
  readonly excludeTables: readonly string[];
  readonly excludeTableData: readonly string[];
  /** Further arguments for `pg_dump`, already split as a shell splits words and free of those that this program owns. */
  readonly dumpArgs: readonly string[];
  readonly lockWaitTimeoutMs: number;
  readonly rowCounts: 'auto' | 'exact' | 'off';
  /** Roles, tablespaces and the database's settings beside the dump; `auto` does without where the server refuses them. */
  readonly globals: 'auto' | 'on' | 'off';
  /** The folder that holds `<major>/bin` with the PostgreSQL client programs. */
  readonly clientsDir: string;
}

/** How an artifact is encrypted, if at all. */
export type EncryptionConfig =
  | { readonly kind: 'none' }
  /** age and SSH public keys, each already checked for its form. */
  | { readonly kind: 'age'; readonly recipients: readonly string[] }
  /** Armoured public keys, one block each. */
  | { readonly kind: 'gpg'; readonly publicKeys: readonly string[] }
  | { readonly kind: 'gpg-passphrase'; readonly passphrase: Secret };

/** What the stored bytes look like. */
export interface FormConfig {
  readonly format: 'custom' | 'plain';
  readonly compression: 'zstd' | 'gzip' | 'none';
  /** `auto`, of zstd only, goes by what earlier backups of the database tell: see src/backup/compression-level.ts. */
  readonly compressionLevel: 'auto' | number;
  /** How many `pg_dump` dump a database side by side; 1 makes one artifact of it. */
  readonly jobs: 'auto' | number;
  readonly encryption: EncryptionConfig;
}

/** When backups are to be made. */
export interface ScheduleConfig {
  /** A cron expression of five fields, checked. */
  readonly expression: string;
  /** The name of the IANA list that it is meant in. */
  readonly timezone: string;
}

/** What only the command `schedule` needs. */
export interface SchedulerConfig {
  /** A start comes up to this long after its tick. Shorter than the schedule's shortest interval. */
  readonly jitterMs: number;
  /** Where to tell how it goes over HTTP, if anywhere. */
  readonly port: number | undefined;
}

/** How one run behaves. */
export interface RunConfig {
  readonly timeoutMs: number;
  readonly stallTimeoutMs: number;
  readonly attempts: number;
  readonly verify: 'head' | 'download' | 'drill';
  /** A fraction: 0.5 warns when a dump is smaller than half of the previous one. 0 never warns. */
  readonly shrinkAlert: number;
  readonly lock: 'auto' | 'on' | 'off';
  readonly schedule: ScheduleConfig | undefined;
  /** Of schedule and calendar: a name of the IANA list. */
  readonly timezone: string;
}

/** What can decrypt; a backup job has none of it. */
export interface KeysConfig {
  readonly ageIdentity: Secret | undefined;
  readonly gpgPrivateKey: Secret | undefined;
  /** Unlocks the private key, or is the passphrase that a backup was encrypted with. */
  readonly gpgPassphrase: Secret | undefined;
}

/** By which a backup is known to be made by who holds a key. */
export interface SigningConfig {
  /** An ed25519 private key, base64 of PKCS #8; undefined signs nothing. */
  readonly key: Secret | undefined;
  /** Ed25519 public keys, base64 of SPKI. Where there is one, what none of them has signed is refused. */
  readonly publicKeys: readonly string[];
}

/** What a drill needs besides the backup. */
export interface DrillConfig {
  /** A server that the drill makes a database of its own on; without it the drill starts one itself. */
  readonly databaseUrl: ConnectionConfig | undefined;
  /** Who restores on the server that the drill starts itself: code of the dump has a superuser's rights, or it has not. */
  readonly role: 'ordinary' | 'superuser';
  /** SQL of the user's own, run on the restored database; already read where it came from a file. */
  readonly checkSql: string | undefined;
}

/** Whom to tell how a run ended. What is undefined is not set. */
export interface NotifyConfig {
  readonly on: 'failure' | 'recovery' | 'always';
  readonly slackUrl: Secret | undefined;
  readonly discordUrl: Secret | undefined;
  readonly teamsUrl: Secret | undefined;
  readonly telegram: { readonly apiUrl: string; readonly token: Secret; readonly chatId: string } | undefined;
  readonly webhook: { readonly url: Secret; readonly secret: Secret | undefined } | undefined;
  /** `smtp:` or `smtps:`; addresses may have names: `Backups <backups@example.com>`. */
  readonly email: { readonly smtpUrl: Secret; readonly from: string; readonly to: readonly string[] } | undefined;
  readonly healthcheckUrl: Secret | undefined;
  readonly pushgatewayUrl: Secret | undefined;
  /** Absolute path. Written to only where Kubernetes has made it. */
  readonly terminationLog: string;
  readonly proxy: ProxyConfig;
}

/** The proxies on the way to what is told; nothing else goes through them. */
export interface ProxyConfig {
  readonly https: Secret | undefined;
  readonly http: Secret | undefined;
  /** Hosts without a proxy, in the form of `NO_PROXY`; may be empty. */
  readonly except: string;
}

/** How logs are written. */
export interface LogConfig {
  readonly format: 'auto' | 'pretty' | 'json';
  readonly level: 'debug' | 'info' | 'warn' | 'error';
}

/** Which backups of a database are kept; what is undefined keeps none by itself. See src/retention/plan.ts. */
export interface RetentionPolicy {
  /** The newest so many. */
  readonly last: number | undefined;
  /** All that are no older than the newest by more than this. */
  readonly withinMs: number | undefined;
  /** One of each of so many days, weeks, months, years that have any. */
  readonly daily: number | undefined;
  readonly weekly: number | undefined;
  readonly monthly: number | undefined;
  readonly yearly: number | undefined;
  /** Never fewer than this, whatever the others say. */
  readonly minimum: number;
  /** Where days begin: a name of the IANA list. */
  readonly timeZone: string;
}

/** The whole configuration of a run, checked and complete. */
export interface Config {
  readonly source: SourceConfig;
  /** Undefined for the one of the source's connection. */
  readonly databases: DatabasesConfig | undefined;
  readonly store: StoreConfig;
  readonly form: FormConfig;
  readonly run: RunConfig;
  readonly scheduler: SchedulerConfig;
  /** Undefined where no KEEP_… variable is set: nothing is ever removed. Else a run also lists, reads and deletes. */
  readonly retention: RetentionPolicy | undefined;
  /** Only for a run that drills what it stored. */
  readonly keys: KeysConfig;
  readonly signing: SigningConfig;
  readonly drill: DrillConfig;
  /** How many bytes an artifact may turn into when it is decoded; `auto` goes by the size of the database. */
  readonly restoreMaxSize: 'auto' | number;
  readonly notify: NotifyConfig;
  /** After each run a page about all backups is written into the store. */
  readonly report: boolean;
  readonly log: LogConfig;
  /** Whatever the user should be told but does not stop the run: near-miss names, settings without effect. */
  readonly warnings: readonly string[];
  /** Every secret of the configuration, for the log's redactor. */
  readonly secrets: readonly Secret[];
}

/** What the commands that read backups need: no database to back up, but keys. */
export interface ReaderConfig extends Pick<
  Config,
  'store' | 'signing' | 'restoreMaxSize' | 'notify' | 'log' | 'warnings' | 'secrets'
> {
  readonly keys: KeysConfig;
  /** When backups are to be made, where it is set. */
  readonly schedule: ScheduleConfig | undefined;
  /** Of schedule and calendar: a name of the IANA list. */
  readonly timezone: string;
  /** See {@link Config}. */
  readonly retention: RetentionPolicy | undefined;
  /** How long a backup may take, in ms: nothing of a folder that is younger is a left-over. */
  readonly backupTimeoutMs: number;
  /** The database that backups are made of, where it is known: never to be restored into. */
  readonly source: ConnectionConfig | undefined;
  /** See {@link Config}. */
  readonly databases: DatabasesConfig | undefined;
  /** Where to restore to, where it is set. */
  readonly target: ConnectionConfig | undefined;
  /** Sessions that restore at once, where that is set. */
  readonly restoreJobs: 'auto' | number | undefined;
  readonly drill: DrillConfig;
  /** See {@link SourceConfig}. */
  readonly clientsDir: string;
}
