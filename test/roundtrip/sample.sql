-- A small database with something of most kinds, for tests that are about something else than its contents.
CREATE SCHEMA "Odd name";
CREATE TABLE customers (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL, note text);
INSERT INTO customers (name, note)
SELECT 'Customer ' || n, CASE WHEN n % 3 = 0 THEN md5(n::text) END FROM generate_series(1, 2000) n;
CREATE TABLE events (at date NOT NULL, customer bigint REFERENCES customers, what text) PARTITION BY RANGE (at);
CREATE TABLE events_2026_01 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
CREATE TABLE events_2026_02 PARTITION OF events FOR VALUES FROM ('2026-02-01') TO ('2026-03-01');
INSERT INTO events SELECT '2026-01-01'::date + n % 59, 1 + n % 2000, sha256(n::text::bytea)::text FROM generate_series(1, 20000) n;
CREATE TABLE "Odd name"."a ""b"" $c; ü" ("Ünï" text, "x y" bytea);
INSERT INTO "Odd name"."a ""b"" $c; ü" VALUES (E'tab\t line\n back\\slash', '\x00ff00'), (NULL, NULL), ('', '');
CREATE MATERIALIZED VIEW per_day AS SELECT at, count(*) AS n FROM events GROUP BY at;
