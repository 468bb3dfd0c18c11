//! Catalogs of real databases.

use std::collections::BTreeSet;

use palisade_catalog::{Catalog, ObjectKind, difference};
use palisade_db::{Connection, introspect};
use palisade_embedded::{EmbeddedSettings, Scratch, ScratchDatabase};
use palisade_tests::{connection, database, query};

/// Statements that make at least one object of every kind, with names that only quotes can hold. A statement may come
/// anywhere behind those with a smaller number.
const SCHEMA: &[(u8, &str)] = &[
    (0, r#"create schema "My ""Schema"".x""#),
    (0, "create extension pg_trgm"),
    (1, r#"create type "My ""Schema"".x"."E'num" as enum ('b', 'a''c', 'ä')"#),
    (1, "create type empty as enum ()"),
    (1, "create domain positive as int default 1 constraint \"greater; than 0\" check (value > 0)"),
    (1, "create type pair as (one int, two text)"),
    (1, "create type floats as range (subtype = float8)"),
    (1, "create sequence numbers as smallint start 7 increment 3 cycle"),
    (
        2,
        r#"create table "My ""Schema"".x"."T. 'able" (id bigint generated always as identity primary key, "Größe; --" positive not null, e "My ""Schema"".x"."E'num", unique ("Größe; --", id))"#,
    ),
    (
        2,
        "create table t (id serial primary key, a int, b text default 'x' collate \"C\", c int generated always as (a * 2) stored, tags text[] not null default '{}', p pair, r int4range, exclude using gist (r with &&), constraint a_not_b check (a > 0) not valid)",
    ),
    (2, "create unlogged table u (a int) with (fillfactor = 50)"),
    (2, "create table parts (a int, b text) partition by list (a)"),
    (2, "create table parent (a int)"),
    (3, "create table part_one partition of parts for values in (1)"),
    (3, "create table child (b int) inherits (parent)"),
    (
        3,
        r#"alter table t add constraint "t → T" foreign key (id) references "My ""Schema"".x"."T. 'able" on delete cascade deferrable"#,
    ),
    (3, "create index on parts (b)"),
    (3, "create index \"i; drop\" on t using gin (tags) where a > 3"),
    (3, "create unique index on t (lower(b), a desc nulls last) include (c)"),
    (3, "create view v with (security_invoker = true) as select id, a from t where a > 1"),
    (3, "create materialized view m as select count(*) as n from t"),
    (
        2,
        "create function f(a int, variadic b text[] default '{}') returns text language sql immutable as $$ select 'x' $$",
    ),
    (
        2,
        "create function f(a text) returns int language plpgsql security definer set search_path = '' as $$ begin return 1; end $$",
    ),
    (2, "create procedure \"Do; it\"(inout a int) language sql begin atomic select a; end"),
    (3, "create aggregate total(int) (sfunc = int4pl, stype = int, initcond = '0')"),
    (3, "create function touch() returns trigger language plpgsql as $$ begin return new; end $$"),
    (
        4,
        "create trigger \"on; T\" before update of a on t for each row when (old.a is distinct from new.a) execute function touch()",
    ),
    (4, "create trigger off after insert on t execute function touch(); alter table t disable trigger off"),
    (4, "create trigger each after insert on parts for each row execute function touch()"),
    (4, "create rule \"no; deletion\" as on delete to t do instead nothing"),
    (4, "alter table t enable row level security; alter table t force row level security"),
    (
        4,
        "create policy \"own; rows\" on t as restrictive for update to pg_read_all_data, public using (a = 1) with check (b = 'ä')",
    ),
    (4, "create policy open on u to pg_monitor using (true)"),
    (
        4,
        "grant select, insert (a) on t to pg_monitor with grant option; grant update on t to public; revoke execute on function f(text) from public",
    ),
    (4, "grant usage on schema \"My \"\"Schema\"\".x\" to pg_monitor; grant usage on sequence numbers to pg_monitor"),
    (5, "create index m_n_idx on m (n)"),
    (5, "comment on table t is 'a ''table'' of two\nlines'"),
    (5, "comment on column t.a is 'column'; comment on function f(text) is 'function'; comment on type pair is 'type'"),
    (
        5,
        "comment on policy \"own; rows\" on t is 'policy'; comment on constraint a_not_b on t is 'constraint'; comment on trigger \"on; T\" on t is 'trigger'",
    ),
    (
        5,
        "comment on schema \"My \"\"Schema\"\".x\" is 'schema'; comment on index \"i; drop\" is 'index'; comment on view v is 'view'",
    ),
];

fn schemas() -> Vec<String> {
    vec!["public".to_owned(), "My \"Schema\".x".to_owned()]
}

/// Builds the schema, the statements of equal number in the order that `order` gives.
async fn build(database: &ScratchDatabase, forwards: bool) -> Connection {
    let mut connection = connection(database).await;
    let mut statements = SCHEMA.to_vec();
    if !forwards {
        statements.reverse();
    }
    statements.sort_by_key(|it| it.0);
    for (_, sql) in statements {
        query(&mut connection, sql).await;
    }
    connection
}

async fn catalog(connection: &mut Connection) -> Catalog {
    introspect::catalog(connection, &schemas()).await.unwrap()
}

async fn scratch(major: Option<u32>) -> Scratch {
    let settings = palisade_tests::settings();
    let settings = match major {
        Some(major) => EmbeddedSettings { pg_bin: None, pg_archive: Some(palisade_tests::archive(major)), ..settings },
        None => settings,
    };
    Scratch::open(&settings).await.unwrap()
}

async fn check_version(major: Option<u32>) {
    let scratch = scratch(major).await;
    let (one, other) = (scratch.database(&[]).await.unwrap(), scratch.database(&[]).await.unwrap());
    let (mut one, mut other) = (build(&one, true).await, build(&other, false).await);
    if let Some(major) = major {
        assert_eq!(one.server_version().major(), major);
    }
    let (left, right) = (catalog(&mut one).await, catalog(&mut other).await);
    assert_eq!(difference(&left, &right), []);
    assert_eq!(left.fingerprint(), right.fingerprint());
    let kinds: BTreeSet<ObjectKind> = left.objects.keys().map(|it| it.kind).collect();
    assert_eq!(kinds, ObjectKind::ALL.into(), "every kind is in the schema");
}

#[tokio::test]
async fn the_order_of_building_does_not_matter() {
    check_version(None).await;
}

#[tokio::test]
async fn the_order_of_building_does_not_matter_on_17() {
    check_version(Some(17)).await;
}

#[tokio::test]
async fn the_order_of_building_does_not_matter_on_18() {
    check_version(Some(18)).await;
}

#[allow(clippy::too_many_lines, reason = "one line per object")]
#[tokio::test]
async fn every_object_has_its_line() {
    // Versions differ in how they write a view.
    let database = scratch(Some(17)).await.database(&[]).await.unwrap();
    let mut connection = build(&database, true).await;
    let lines: Vec<String> =
        catalog(&mut connection).await.objects.iter().map(|(key, definition)| format!("{key}: {definition}")).collect();
    insta::assert_snapshot!(lines.join("\n"), @r#"
    schema "My ""Schema"".x": 
    extension pg_trgm: schema public
    type "My ""Schema"".x"."E'num": enum ('b', 'a''c', 'ä')
    type public.empty: enum ()
    type public.floats: range of double precision
    type public.pair: composite (one integer, two text)
    type public.positive: domain integer default 1
    sequence public.numbers: smallint start 7 increment 3 min 1 max 32767 cache 1 cycle
    sequence public.t_id_seq: integer start 1 increment 1 min 1 max 2147483647 cache 1 owned by public.t.id
    table "My ""Schema"".x"."T. 'able": ordinary
    table public.child: ordinary child of public.parent
    table public.parent: ordinary
    table public.part_one: ordinary child of public.parts FOR VALUES IN (1)
    table public.parts: partitioned partition by LIST (a)
    table public.t: ordinary
    table public.u: ordinary unlogged with (fillfactor=50)
    column "My ""Schema"".x"."T. 'able"."Größe; --": public.positive not null
    column "My ""Schema"".x"."T. 'able".e: "My ""Schema"".x"."E'num"
    column "My ""Schema"".x"."T. 'able".id: bigint not null generated always as identity
    column public.child.a: integer
    column public.child.b: integer
    column public.parent.a: integer
    column public.part_one.a: integer
    column public.part_one.b: text
    column public.parts.a: integer
    column public.parts.b: text
    column public.t.a: integer
    column public.t.b: text collate "C" default 'x'::text
    column public.t.c: integer generated (s) as (a * 2)
    column public.t.id: integer not null default nextval('public.t_id_seq'::regclass)
    column public.t.p: public.pair
    column public.t.r: int4range
    column public.t.tags: text[] not null default '{}'::text[]
    column public.u.a: integer
    constraint "My ""Schema"".x"."T. 'able"."T. 'able_Größe; --_id_key": UNIQUE ("Größe; --", id)
    constraint "My ""Schema"".x"."T. 'able"."T. 'able_pkey": PRIMARY KEY (id)
    constraint public.positive."greater; than 0": CHECK ((VALUE > 0))
    constraint public.t."t → T": FOREIGN KEY (id) REFERENCES "My ""Schema"".x"."T. 'able"(id) ON DELETE CASCADE DEFERRABLE
    constraint public.t.a_not_b: CHECK ((a > 0))
    constraint public.t.t_pkey: PRIMARY KEY (id)
    constraint public.t.t_r_excl: EXCLUDE USING gist (r WITH &&)
    index public."i; drop": CREATE INDEX "i; drop" ON public.t USING gin (tags) WHERE (a > 3)
    index public.m_n_idx: CREATE INDEX m_n_idx ON public.m USING btree (n)
    index public.parts_b_idx: CREATE INDEX parts_b_idx ON ONLY public.parts USING btree (b)
    index public.t_lower_a_c_idx: CREATE UNIQUE INDEX t_lower_a_c_idx ON public.t USING btree (lower(b), a DESC NULLS LAST) INCLUDE (c)
    view public.m: materialized  SELECT count(*) AS n
       FROM public.t;
    view public.v: with (security_invoker=true)  SELECT id,
        a
       FROM public.t
      WHERE (a > 1);
    function public."Do; it"(INOUT a integer): CREATE OR REPLACE PROCEDURE public."Do; it"(INOUT a integer)
     LANGUAGE sql
    BEGIN ATOMIC
     SELECT a AS a;
    END

    function public.f(a integer, VARIADIC b text[]): CREATE OR REPLACE FUNCTION public.f(a integer, VARIADIC b text[] DEFAULT '{}'::text[])
     RETURNS text
     LANGUAGE sql
     IMMUTABLE
    AS $function$ select 'x' $function$

    function public.f(a text): CREATE OR REPLACE FUNCTION public.f(a text)
     RETURNS integer
     LANGUAGE plpgsql
     SECURITY DEFINER
     SET search_path TO ''
    AS $function$ begin return 1; end $function$

    function public.total(integer): aggregate int4pl(integer,integer) integer - 0
    function public.touch(): CREATE OR REPLACE FUNCTION public.touch()
     RETURNS trigger
     LANGUAGE plpgsql
    AS $function$ begin return new; end $function$

    trigger public.parts.each: CREATE TRIGGER each AFTER INSERT ON public.parts FOR EACH ROW EXECUTE FUNCTION public.touch()
    trigger public.t."on; T": CREATE TRIGGER "on; T" BEFORE UPDATE OF a ON public.t FOR EACH ROW WHEN ((old.a IS DISTINCT FROM new.a)) EXECUTE FUNCTION public.touch()
    trigger public.t.off: CREATE TRIGGER off AFTER INSERT ON public.t FOR EACH STATEMENT EXECUTE FUNCTION public.touch() (state D)
    rule public.t."no; deletion": CREATE RULE "no; deletion" AS
        ON DELETE TO public.t DO INSTEAD NOTHING;
    row security public.t: enabled, forced
    policy public.t."own; rows": restrictive update to public using ((a = 1)) with check ((b = 'ä'::text))
    policy public.u.open: permissive all to pg_monitor using (true)
    grants on column public.t.a: pg_monitor: INSERT with grant option
    grants on function public."Do; it"(INOUT a integer): public: EXECUTE
    grants on function public.f(a integer, VARIADIC b text[]): public: EXECUTE
    grants on function public.total(integer): public: EXECUTE
    grants on function public.touch(): public: EXECUTE
    grants on schema "My ""Schema"".x": pg_monitor: USAGE
    grants on schema public: public: USAGE
    grants on sequence public.numbers: pg_monitor: USAGE
    grants on table public.t: pg_monitor: SELECT with grant option, public: UPDATE
    grants on type "My ""Schema"".x"."E'num": public: USAGE
    grants on type public.empty: public: USAGE
    grants on type public.floats: public: USAGE
    grants on type public.pair: public: USAGE
    grants on type public.positive: public: USAGE
    comment on function public.f(pg_catalog.text): function
    comment on index public."i; drop": index
    comment on policy "own; rows" on public.t: policy
    comment on schema "My ""Schema"".x": schema
    comment on table column public.t.a: column
    comment on table constraint a_not_b on public.t: constraint
    comment on table public.t: a 'table' of two
    lines
    comment on trigger "on; T" on public.t: trigger
    comment on type public.pair: type
    comment on view public.v: view
    "#);
}

/// Each statement changes something that somebody who compares two databases wants to know.
#[tokio::test]
async fn every_change_is_seen() {
    let database = database().await;
    let mut connection = build(&database, true).await;
    let mut before = catalog(&mut connection).await;
    for sql in [
        "alter type empty add value 'x'",
        "alter table t alter b set default 'y'",
        "alter table t alter b set not null",
        "alter table u alter a type bigint",
        "alter table t drop constraint a_not_b",
        "alter table u set logged",
        "alter table u set (fillfactor = 60)",
        "alter table t replica identity full",
        "alter table t no force row level security",
        "alter table t enable trigger off",
        "alter policy \"own; rows\" on t using (a = 2)",
        "alter policy \"own; rows\" on t to pg_monitor",
        "alter function f(text) security invoker",
        "alter function f(text) reset search_path",
        "alter view v set (security_invoker = false)",
        "alter sequence numbers no cycle",
        "alter domain positive set default 2",
        "alter table \"My \"\"Schema\"\".x\".\"T. 'able\" alter id set generated by default",
        "grant delete on t to pg_monitor",
        "grant execute on function f(text) to public",
        "grant insert (b) on t to public",
        "revoke all on schema public from public",
        "comment on column t.a is 'other'",
        "comment on schema \"My \"\"Schema\"\".x\" is 'other'",
        "comment on policy \"own; rows\" on t is null",
        "alter table parts detach partition part_one",
        "create index on only parts (a)",
        "drop rule \"no; deletion\" on t",
        "drop extension pg_trgm",
        "alter table child no inherit parent",
    ] {
        query(&mut connection, sql).await;
        let after = catalog(&mut connection).await;
        assert_ne!(after.fingerprint(), before.fingerprint(), "{sql}");
        before = after;
    }
}

#[tokio::test]
async fn what_is_not_ours_is_not_read() {
    let database = database().await;
    let mut connection = connection(&database).await;
    let before = catalog(&mut connection).await;
    query(&mut connection, "create schema auth; create table auth.users (id uuid); create function auth.uid() returns uuid language sql as $$ select null::uuid $$").await;
    query(&mut connection, "comment on table auth.users is 'not ours'; grant select on auth.users to pg_monitor").await;
    assert_eq!(catalog(&mut connection).await, before);
    // Members of an extension come and go with it: it alone is an object.
    query(&mut connection, "create extension pg_trgm").await;
    let after = catalog(&mut connection).await;
    let added: Vec<String> = difference(&before, &after).iter().map(ToString::to_string).collect();
    assert_eq!(added, ["+ extension pg_trgm"]);
    assert!(introspect::catalog(&mut connection, &[]).await.unwrap().objects.is_empty());
    assert!(introspect::catalog(&mut connection, &["a\0b".to_owned()]).await.is_err());
}

#[tokio::test]
async fn inside_a_transaction_what_it_did_is_seen() {
    let database = database().await;
    let mut connection = connection(&database).await;
    let before = catalog(&mut connection).await;
    query(&mut connection, "begin; create table t ()").await;
    let within = introspect::catalog_within(&mut connection, &schemas()).await.unwrap();
    assert_eq!(difference(&before, &within).len(), 1);
    query(&mut connection, "rollback").await;
    assert_eq!(catalog(&mut connection).await, before);
}
