-- Something of every kind, with names that only quotes can hold. Parts are separated by `-- then`; the statements of one part
-- may run in any order.
create schema "My ""Schema"".x";
create schema apart authorization pg_monitor;
create extension pg_trgm version '1.5';
create type shell;
create trusted language own handler plpgsql_call_handler inline plpgsql_inline_handler validator plpgsql_validator;
create access method trees type index handler bthandler;
create foreign data wrapper nowhere options (debug 'true');
create collation ordered (provider = libc, locale = 'C');
create conversion latin for 'LATIN1' to 'UTF8' from iso8859_1_to_utf8;
create text search parser words (start = prsd_start, gettoken = prsd_nexttoken, end = prsd_end, headline = prsd_headline, lextypes = prsd_lextype);
create text search template plain (init = dsimple_init, lexize = dsimple_lexize);
create transform for int language sql (from sql with function prsd_lextype(internal), to sql with function int4recv(internal));
create function touch() returns trigger language plpgsql as $$ begin return new; end $$;
create function watch() returns event_trigger language plpgsql as $$ begin end $$;
-- then
create type "My ""Schema"".x"."E'num" as enum ('b', 'a''c', 'ä');
create type empty as enum ();
create domain positive as int default 1 constraint "greater; than 0" check (value > 0);
create domain later as text collate "C" not null;
create type pair as (one int, "two; 2" text collate "C");
create type floats as range (subtype = float8, subtype_diff = float8mi, multirange_type_name = "many; floats");
create sequence numbers as smallint start 7 increment 3 minvalue 2 maxvalue 99 cache 5 cycle;
create server "far; away" type 't' version '1' foreign data wrapper nowhere options (host 'there');
create text search dictionary stems (template = plain);
create text search configuration spoken (parser = words);
-- then
create user mapping for public server "far; away" options ("user" 'someone', password 'hidden');
create table "My ""Schema"".x"."T. 'able" (
  id bigint generated always as identity primary key,
  "Größe; --" positive not null,
  e "My ""Schema"".x"."E'num",
  unique ("Größe; --", id)
);
create table t (
  id serial primary key,
  a int,
  b text default 'x' collate "C",
  c int generated always as (a * 2) stored,
  tags text[] not null default '{}',
  p pair,
  r int4range,
  exclude using gist (r with &&)
);
create unlogged table u (a int unique with (fillfactor = 70), b text compression pglz) with (fillfactor = 50, toast.autovacuum_enabled = off);
create table parts (a int not null, b text, primary key (a)) partition by list (a);
create table parent (a int, constraint has_a check (a is not null));
create table typed of pair (one with options default 1);
create foreign table abroad (a int options (name 'x'), b int) server "far; away" options (file 'f');
create function f(a int, variadic b text[] default '{}') returns text language sql immutable as $$ select 'x' $$;
create function f(a text) returns int language plpgsql security definer set search_path = '' as $$ begin return 1; end $$;
create function g(out one int, inout two text) language sql begin atomic select 1, $1; end;
create procedure "Do; it"(inout a int) language sql begin atomic select a; end;
create aggregate total(int) (sfunc = int4pl, stype = int, initcond = '0', parallel = safe);
create operator === (function = int84eq, leftarg = bigint, rightarg = int, commutator = ====, restrict = eqsel);
create operator family whole using btree;
create cast (pair as text) with inout as assignment;
-- then
create table part_one partition of parts for values in (1);
create table part_rest partition of parts default;
create table child (b int, a int not null default 3) inherits (parent);
alter table t add constraint "t → T" foreign key (id) references "My ""Schema"".x"."T. 'able" on delete cascade deferrable initially deferred;
alter text search configuration spoken add mapping for asciiword, word with stems, simple;
create index on parts (b);
alter table u alter a set not null, alter a set (n_distinct = 5), alter a set statistics 300, alter b set storage external, replica identity using index u_a_key;
create index on parent (a);
alter table t add constraint a_not_b check (a > 0) not valid;
create index "i; drop" on t using gin (tags) where a > 3;
create unique index lowered on t (lower(b), a desc nulls last) include (c);
create index doubled on t ((a * 2)) with (fillfactor = 80);
create statistics related (ndistinct, dependencies) on a, b from t;
create view v with (security_invoker = true) as select id, a, b from t where a > 1;
create materialized view m with (fillfactor = 90) as select count(*) as n from t with no data;
create operator class ints for type int using btree family whole as operator 1 <, operator 2 <=, operator 3 =, operator 4 >=, operator 5 >, function 1 btint4cmp(int, int);
alter operator family whole using btree add operator 1 < (int, bigint);
create event trigger ears on ddl_command_end when tag in ('CREATE CAST', 'DROP CAST') execute function watch();
create publication chosen for table t (id, a) where (a > 3), parts with (publish = 'insert, update', publish_via_partition_root);
create publication whole for tables in schema apart;
create publication everything for all tables;
create subscription news connection 'host=nowhere password=hidden' publication chosen with (connect = false, slot_name = none);
-- then
create trigger "on; T" before update of a on t for each row when (old.a is distinct from new.a) execute function touch();
create trigger off after insert on t execute function touch();
create constraint trigger later after insert on t deferrable initially deferred for each row execute function touch();
create trigger each after insert on parts for each row execute function touch();
create rule "no; deletion" as on delete to t do instead nothing;
alter table t enable row level security, force row level security, alter a set statistics 500, cluster on t_pkey;
create policy "own; rows" on t as restrictive for update using (a = 1) with check (b = 'ä');
create policy open on u to pg_monitor, pg_read_all_data using (true);
alter view v alter b set default 'view';
alter index doubled alter column 1 set statistics 200;
grant select, insert (a) on t to pg_monitor with grant option;
grant update on t to public;
revoke execute on function f(text) from public;
grant usage on schema "My ""Schema"".x" to pg_monitor;
grant usage on sequence numbers to pg_monitor;
grant usage on sequence "My ""Schema"".x"."T. 'able_id_seq" to pg_monitor;
grant usage on foreign server "far; away" to pg_monitor;
grant usage on language own to pg_monitor;
revoke all on table child from postgres;
alter function touch() owner to pg_monitor;
create index m_n_idx on m (n);
-- then
alter table t disable trigger all, enable trigger later, enable trigger "on; T";
alter table part_one disable trigger each;
alter function watch() depends on extension pg_trgm;
revoke execute on function show_trgm(text) from public;
revoke execute on function pg_catalog.pg_sleep(float8) from public;
alter event trigger ears disable;
comment on table t is 'a ''table''';
comment on column t.a is 'column';
comment on column v.a is 'column of a view';
comment on column pair.one is 'attribute';
comment on function f(text) is 'function';
comment on procedure "Do; it" is 'procedure';
comment on aggregate total(int) is 'aggregate';
comment on type pair is 'composite';
comment on type empty is 'enum';
comment on type floats is 'range';
comment on domain positive is 'domain';
comment on constraint "greater; than 0" on domain positive is 'domain constraint';
comment on policy "own; rows" on t is 'policy';
comment on constraint a_not_b on t is 'constraint';
comment on constraint t_pkey on t is 'primary key';
comment on index t_pkey is 'its index';
comment on trigger "on; T" on t is 'trigger';
comment on trigger later on t is 'constraint trigger';
comment on rule "no; deletion" on t is 'rule';
comment on schema "My ""Schema"".x" is 'schema';
comment on index "i; drop" is 'index';
comment on view v is 'view';
comment on materialized view m is 'materialized view';
comment on foreign table abroad is 'foreign table';
comment on sequence numbers is 'sequence';
comment on sequence "My ""Schema"".x"."T. 'able_id_seq" is 'sequence of a column';
comment on statistics related is 'statistics';
comment on event trigger ears is 'event trigger';
comment on publication chosen is 'publication';
comment on subscription news is 'subscription';
comment on extension pg_trgm is 'extension';
comment on language own is 'language';
comment on access method trees is 'access method';
comment on foreign data wrapper nowhere is 'wrapper';
comment on server "far; away" is 'server';
comment on collation ordered is 'collation';
comment on conversion latin is 'conversion';
comment on operator === (bigint, int) is 'operator';
comment on operator family whole using btree is 'operator family';
comment on operator class ints using btree is 'operator class';
comment on cast (pair as text) is 'cast';
comment on transform for int language sql is 'transform';
comment on text search parser words is 'parser';
comment on text search template plain is 'template';
comment on text search dictionary stems is 'dictionary';
comment on text search configuration spoken is 'configuration';
alter default privileges grant select on tables to pg_monitor;
alter default privileges revoke execute on functions from public;
alter default privileges for role pg_monitor grant usage on sequences to pg_read_all_data with grant option;
alter default privileges in schema apart grant insert on tables to pg_monitor;
alter default privileges in schema public grant usage on types to pg_monitor;
