import { beforeEach, test } from 'node:test';
import { fakePgDump } from '../support/fake-programs.ts';
import { useScene } from './scene.ts';

const scene = useScene();
const real = '/usr/lib/postgresql/15/bin/pg_dump "$@"';
const drop = `psql -qc 'drop function discount(int)'`;

beforeEach(() =>
  scene.postgres.psql(
    'create or replace function discount(percent int) returns int language sql as $$ select percent $$',
    'shop',
  ),
);

for (const [JOBS, script] of [
  ['1', `${drop}\nexec ${real}`],
  ['3', `case "$*" in *--section=pre-data*) ${drop};; esac\nexec ${real}`],
] as const) {
  test(`fault 79: a function is dropped before pg_dump has read its definition, with JOBS=${JOBS}`, async () => {
    await scene.fails(
      { JOBS, ...fakePgDump(script) },
      {
        exitCode: 65,
        error: /functions were dropped while their definitions were read: public\.discount$/,
        hint: /away from migrations/,
      },
    );
  });
}

test('fault 79: a function that is dropped when its definition was read is no obstacle', async () => {
  await scene.succeeds(fakePgDump(`${real}\nstatus=$?\nsleep 1\n${drop}\nexit $status`));
});
