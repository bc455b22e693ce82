import { startCeph } from '../support/ceph.ts';
import { s3At } from '../support/s3.ts';
import { describeLarge, describeRuns, describeSameProcess } from './describe.ts';
import { startDiscarding } from './discarding.ts';
import { openLaboratory } from './laboratory.ts';
import { soakLarge } from './large.ts';
import { help, readOptions } from './options.ts';
import { soakRuns } from './runs.ts';
import { soakSameProcess } from './same-process.ts';

/** See `help` in options.ts. */
async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2));
  if (typeof options === 'string') {
    print(options);
    return options === help ? 0 : 64;
  }
  const stop = new AbortController();
  const signal = AbortSignal.any([stop.signal, AbortSignal.timeout(options.minutes * 60_000)]);
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => stop.abort());
  await using opened = new AsyncDisposableStack();
  // What travels uncompressed would fill the disk.
  const discards = options.gigabytes !== undefined && options.compression === 'none';
  const s3 = discards ? opened.use(await startDiscarding()).s3 : gatewayOf(opened.use(await startCeph()));
  const laboratory = opened.use(await openLaboratory(s3));
  if (options.gigabytes !== undefined) {
    const figures = await soakLarge(laboratory, { ...options, gigabytes: options.gigabytes, signal, say: print });
    print(describeLarge(figures));
    return figures.wrong.length === 0 ? 0 : 1;
  }
  if (options.sameProcess !== undefined) {
    const { sameProcess } = options;
    const figures = await soakSameProcess(laboratory, {
      runs: sameProcess,
      signal,
      onRun: (sofar) => {
        if (sofar.runs % 25 === 0) print(describeSameProcess(sofar));
      },
    });
    print(describeSameProcess(figures));
    return figures.wrong.length === 0 && figures.runs === sameProcess ? 0 : 1;
  }
  const runs = options.runs ?? 0;
  const figures = await soakRuns(laboratory, {
    runs,
    signal,
    onRun: (sofar) => {
      if (sofar.runs % 25 === 0) print(describeRuns(sofar));
    },
  });
  print(describeRuns(figures));
  return figures.wrong.length === 0 && figures.runs === runs ? 0 : 1;
}

function gatewayOf(gateway: Awaited<ReturnType<typeof startCeph>>) {
  return s3At(gateway.endpoint, gateway.accessKeyId, gateway.secretAccessKey);
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

process.exitCode = await main();
