/** Kinds of entries of a dump that only a superuser may create in stock PostgreSQL; some providers let others. */
export const superuserKinds: ReadonlySet<string> = new Set([
  'ACCESS METHOD',
  'EVENT TRIGGER',
  'FOREIGN DATA WRAPPER',
  'OPERATOR CLASS',
  'OPERATOR FAMILY',
  'PROCEDURAL LANGUAGE',
  'PUBLICATION TABLES IN SCHEMA',
  'TEXT SEARCH PARSER',
  'TEXT SEARCH TEMPLATE',
]);
