import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { mayComeFromFile, namesOf } from '../src/config/variable.ts';
import { variableGroups, variables, type VariableName } from '../src/config/variables.ts';
import { failureKinds } from '../src/errors.ts';
import { replaceBetween } from './replace-between.ts';

const titles: Readonly<Record<keyof typeof variableGroups, string>> = {
  source: 'What is backed up',
  store: 'Where backups are kept',
  form: 'What a backup looks like',
  signing: 'Who made a backup',
  run: 'How a run behaves',
  schedule: 'When backups are made',
  retention: 'Which backups are kept',
  fleet: 'Many databases, many machines',
  restore: 'Reading backups back',
  telling: 'Who is told',
  log: 'Logs',
};

/** The README with its tables made anew from the variables and the kinds of failure. Throws where a marker is missing. */
export function withTables(readme: string): string {
  return replaceBetween(replaceBetween(readme, 'variables', variablesTable()), 'exit-codes', exitCodesTable());
}

function variablesTable(): string {
  const groups = Object.entries(variableGroups).map(([group, table]) => {
    const rows = (Object.keys(table) as VariableName[]).map(variableRow);
    return [
      `### ${titles[group as keyof typeof titles]}`,
      '',
      '| variable | meaning | default |',
      '| --- | --- | --- |',
      ...rows,
    ].join('\n');
  });
  return groups.join('\n\n');
}

function variableRow(name: VariableName): string {
  const about = variables[name];
  const others = namesOf(name, about)
    .slice(1)
    .map((other) => `\`${other}\``)
    .join(', ');
  const meaning = [
    about.words,
    about.kind.startsWith('`') ? `One of ${about.kind}.` : '',
    about.secret === true || about.kind.startsWith('`') || about.example === about.default
      ? ''
      : `Example: \`${about.example}\`.`,
    mayComeFromFile(about) ? `Or \`${name}_FILE\`.` : '',
    others === '' ? '' : `Also read: ${others}.`,
  ];
  const fallback = about.default === undefined || about.default === '' ? '' : `\`${about.default}\``;
  const cells = [`\`${name}\``, meaning.filter((part) => part !== '').join(' '), fallback];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

function exitCodesTable(): string {
  const rows = Object.values(failureKinds)
    .toSorted((a, b) => a.exitCode - b.exitCode)
    .map(({ exitCode, meaning }) => `| ${exitCode} | ${meaning} |`);
  return ['| code | meaning |', '| --- | --- |', '| 0 | done, and verified as far as asked |', ...rows].join('\n');
}

if (import.meta.main) {
  const path = join(import.meta.dirname, '../README.md');
  writeFileSync(path, withTables(readFileSync(path, 'utf8')));
}
