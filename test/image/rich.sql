-- A database with something of every common kind that PostgreSQL 15 and its successors describe in the same words. (Views
-- over one table are not among them: 16 and later leave out the table's name before each column.)
CREATE SCHEMA sales;
CREATE SCHEMA "Odd name";
CREATE EXTENSION hstore SCHEMA sales;
CREATE EXTENSION pg_trgm;
CREATE EXTENSION btree_gist;
CREATE TYPE sales.state AS ENUM ('new', 'paid', 'it''s sent');
CREATE TYPE sales.money AS (amount numeric(12, 2), currency char(3));
CREATE TYPE sales.hours AS RANGE (subtype = float8);
CREATE DOMAIN sales.email AS text CHECK (VALUE ~ '@');
CREATE COLLATION sales.german (provider = icu, locale = 'de-u-co-phonebk');
CREATE FUNCTION sales.tax(numeric) RETURNS numeric LANGUAGE sql IMMUTABLE AS 'SELECT $1 * 0.19';
CREATE TABLE sales.customers (
  id bigint GENERATED ALWAYS AS IDENTITY (START 1000) PRIMARY KEY,
  name text COLLATE sales.german NOT NULL,
  email sales.email UNIQUE,
  tags sales.hstore DEFAULT '',
  document jsonb,
  photo bytea,
  joined timestamptz DEFAULT now()
);
INSERT INTO sales.customers (name, email, tags, document, photo, joined)
SELECT 'Zoë ' || n, n || '@example.com', sales.hstore('a', n::text), jsonb_build_object('n', n, 'deep', '[1, null]'::jsonb),
  decode(md5(n::text), 'hex'), timestamptz '2026-01-01 00:00Z' + n * interval '1 hour'
FROM generate_series(1, 3000) n;
CREATE INDEX ON sales.customers USING gin (name gin_trgm_ops);
CREATE INDEX partial ON sales.customers (lower(name)) WHERE photo IS NOT NULL;
CREATE STATISTICS sales.related (dependencies, mcv) ON name, email FROM sales.customers;
CREATE TABLE sales.orders (
  id int, at date NOT NULL, customer bigint NOT NULL REFERENCES sales.customers ON DELETE CASCADE,
  state sales.state DEFAULT 'new', total numeric(12, 2) CHECK (total >= 0),
  tax numeric GENERATED ALWAYS AS (sales.tax(total)) STORED, PRIMARY KEY (id, at)
) PARTITION BY RANGE (at);
CREATE TABLE sales.orders_2026_01 PARTITION OF sales.orders FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
CREATE TABLE sales.orders_rest PARTITION OF sales.orders DEFAULT;
INSERT INTO sales.orders (id, at, customer, total)
SELECT n, date '2026-01-01' + n % 60, 1000 + n % 3000, n FROM generate_series(1, 5000) n;
CREATE TABLE bookings (room int, during tstzrange, EXCLUDE USING gist (room WITH =, during WITH &&));
INSERT INTO bookings VALUES (1, '[2026-01-01 00:00Z,2026-01-02 00:00Z)');
CREATE TABLE "Odd name"."a ""b"" $c; ü" ("Ünï" text, "x y" bytea, big numeric, list int[]);
INSERT INTO "Odd name"."a ""b"" $c; ü" VALUES (E'tab\t line\n back\\slash', '\x00ff00', 'NaN', '{1,NULL,3}'), (NULL, NULL, NULL, '{}');
CREATE UNLOGGED TABLE scratch (n serial, t tsvector);
INSERT INTO scratch (t) SELECT to_tsvector('english', 'the quick brown fox ' || n) FROM generate_series(1, 50) n;
SELECT setval('scratch_n_seq', 4711);
CREATE TABLE parent (a int); CREATE TABLE child (b int) INHERITS (parent); INSERT INTO child VALUES (1, 2);
CREATE TABLE later (a int NOT NULL); INSERT INTO later VALUES (-1);
ALTER TABLE later ADD CONSTRAINT positive CHECK (a > 0) NOT VALID;
CREATE VIEW sales.revenue AS
  SELECT c.name, sum(o.total) AS total FROM sales.customers c JOIN sales.orders o ON o.customer = c.id GROUP BY c.id;
CREATE MATERIALIZED VIEW sales.per_state AS
  SELECT o.state, count(c.id) AS n FROM sales.orders o, sales.customers c WHERE o.customer = c.id GROUP BY o.state;
CREATE UNIQUE INDEX ON sales.per_state (state);
CREATE MATERIALIZED VIEW sales.unfilled AS SELECT a.a FROM parent a, later b WITH NO DATA;
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN
  NEW.document := coalesce(NEW.document, '{}') || '{"noted": true}'; RETURN NEW;
END$$;
CREATE TRIGGER noted BEFORE UPDATE ON sales.customers FOR EACH ROW EXECUTE FUNCTION note();
CREATE PROCEDURE clean() LANGUAGE sql AS 'DELETE FROM scratch';
CREATE AGGREGATE product(numeric) (SFUNC = numeric_mul, STYPE = numeric, INITCOND = 1);
CREATE OPERATOR === (FUNCTION = int4eq, LEFTARG = int, RIGHTARG = int);
CREATE CAST (sales.state AS int) WITH INOUT;
CREATE TEXT SEARCH CONFIGURATION plain (COPY = simple);
CREATE RULE nothing AS ON DELETE TO bookings DO INSTEAD NOTHING;
ALTER TABLE sales.orders ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON sales.orders FOR SELECT USING (total > 10);
COMMENT ON TABLE bookings IS E'Rooms, said in\ntwo lines';
COMMENT ON COLUMN sales.customers.name IS '„Name“';
SELECT lo_from_bytea(4242, '\xdeadbeef00');
