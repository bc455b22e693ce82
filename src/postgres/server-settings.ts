import { totalmem } from 'node:os';

const MiB = 1024 ** 2;

/** The memory that this process and what it starts may use, in bytes. */
function availableMemory(): number {
  const limit = process.constrainedMemory();
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}

/**
 * postgresql.conf of a server that is thrown away: nothing has to survive a crash, nobody may reach it but through its
 * socket, and nothing in it may start by itself.
 */
export function serverSettings(major: number, socketDir: string, memory = availableMemory()): string {
  const settings: Record<string, string> = {
    listen_addresses: '',
    unix_socket_directories: socketDir,
    unix_socket_permissions: '0700',
    password_encryption: 'scram-sha-256',
    ssl: 'off',
    max_connections: '30',
    fsync: 'off',
    full_page_writes: 'off',
    synchronous_commit: 'off',
    wal_level: 'minimal',
    max_wal_senders: '0',
    max_wal_size: '512MB',
    checkpoint_timeout: '1h',
    autovacuum: 'off',
    jit: 'off',
    shared_buffers: megabytes(memory / 8, 32, 512),
    maintenance_work_mem: megabytes(memory / 16, 64, 1024),
    // /dev/shm holds 64 MB in most containers, and what a killed server left there would stay.
    dynamic_shared_memory_type: 'mmap',
    session_preload_libraries: '',
    shared_preload_libraries: '',
    max_logical_replication_workers: '0',
    timezone: 'UTC',
    log_timezone: 'UTC',
    lc_messages: 'C',
    // Why it died, and nothing of the data.
    log_min_messages: 'log',
    log_min_error_statement: 'panic',
    log_error_verbosity: 'terse',
    log_checkpoints: 'off',
    logging_collector: 'off',
    ...(major >= 17 ? { event_triggers: 'off' } : {}),
  };
  return Object.entries(settings)
    .map(([name, value]) => `${name} = '${value.replaceAll(/[\\']/g, '$&$&')}'\n`)
    .join('');
}

function megabytes(bytes: number, least: number, most: number): string {
  return `${String(Math.round(Math.min(Math.max(bytes / MiB, least), most)))}MB`;
}
