import { writeFileSync } from 'node:fs';

/* Loaded before a program that is measured: writes down at its end what the process has used. */
process.once('exit', () => {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  const usage = { cpuSeconds: (userCPUTime + systemCPUTime) / 1e6, peakBytes: maxRSS * 1024 };
  writeFileSync(process.env['USAGE_FILE'] ?? '/dev/null', JSON.stringify(usage));
});
