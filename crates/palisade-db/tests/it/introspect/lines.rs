//! What is read, line by line.

use palisade_catalog::{Object, ObjectKey};
use serde_json::Value;

use super::schema::{build, everything, scratch};

/// What an object is, without what says nothing.
fn line(key: &ObjectKey, object: &Object) -> String {
    let Object { definition, owner, privileges, comment, labels, needs: _ } = object;
    let mut line = format!("{key}:");
    let mut add = |name: &str, value: &str| line.extend([" ", name, "=", value]);
    match serde_json::to_value(definition).unwrap() {
        Value::Object(kinds) => {
            for (name, value) in kinds.values().filter_map(Value::as_object).flatten() {
                if let Some(value) = shown(value) {
                    add(name, &value);
                }
            }
        }
        other => assert!(other.is_string(), "a kind without fields"),
    }
    if let Some(owner) = owner.as_deref().filter(|it| *it != "postgres") {
        add("owner", owner);
    }
    if let Some(privileges) = privileges.as_ref().map(ToString::to_string).filter(|it| !it.is_empty()) {
        add("privileges", &privileges);
    }
    if let Some(comment) = comment {
        add("comment", comment);
    }
    assert!(labels.is_empty(), "no provider of labels is loaded");
    line
}

fn shown(value: &Value) -> Option<String> {
    match value {
        Value::Null | Value::Bool(false) => None,
        Value::Bool(true) => Some("yes".to_owned()),
        Value::Number(number) => (number.as_u64() != Some(0)).then(|| number.to_string()),
        Value::String(text) => Some(text.split_whitespace().collect::<Vec<_>>().join(" ")),
        Value::Array(items) => (!items.is_empty()).then(|| {
            format!("[{}]", items.iter().map(|it| shown(it).unwrap_or_default()).collect::<Vec<_>>().join(", "))
        }),
        Value::Object(fields) => {
            let fields = fields.iter().filter_map(|(name, value)| Some(format!("{name}={}", shown(value)?)));
            Some(format!("{{{}}}", fields.collect::<Vec<_>>().join(" ")))
        }
    }
}

#[allow(clippy::too_many_lines, reason = "one line per object")]
#[tokio::test]
async fn every_object_has_its_line() {
    // Versions differ in how they write a view.
    let database = scratch(Some(17)).await.database(&[]).await.unwrap();
    let mut connection = build(&database, true).await;
    let catalog = everything(&mut connection).await;
    let lines: Vec<String> = catalog.objects.iter().map(|(key, object)| line(key, object)).collect();
    insta::assert_snapshot!(lines.join("\n"), @r#"
    schema "My ""Schema"".x": privileges=pg_monitor: USAGE comment=schema
    schema apart: owner=pg_monitor
    schema public: owner=pg_database_owner privileges=PUBLIC: USAGE
    extension pg_trgm: default_version=1.6 schema=public version=1.5 comment=extension
    extension plpgsql: schema=pg_catalog version=1.0
    language own: create=CREATE TRUSTED LANGUAGE own HANDLER plpgsql_call_handler INLINE plpgsql_inline_handler VALIDATOR plpgsql_validator privileges=PUBLIC: USAGE; pg_monitor: USAGE comment=language
    access method trees: create=CREATE ACCESS METHOD trees TYPE INDEX HANDLER bthandler comment=access method
    foreign data wrapper nowhere: create=CREATE FOREIGN DATA WRAPPER nowhere options=[debug=true] comment=wrapper
    server "far; away": create=CREATE SERVER "far; away" TYPE 't' VERSION '1' FOREIGN DATA WRAPPER nowhere options=[host=there] privileges=pg_monitor: USAGE comment=server
    user mapping FOR PUBLIC SERVER "far; away": create=CREATE USER MAPPING FOR PUBLIC SERVER "far; away" options=[user=someone] secret=[password]
    collation public.ordered: create=CREATE COLLATION public.ordered (provider = libc, locale = 'C') comment=collation
    conversion public.latin: create=CREATE CONVERSION public.latin FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8 comment=conversion
    type "My ""Schema"".x"."E'num": labels=[b, a'c, ä] privileges=PUBLIC: USAGE
    type public.empty: privileges=PUBLIC: USAGE comment=enum
    domain public.later: base=text collation=pg_catalog."C" not_null=yes not_null_name=later_not_null privileges=PUBLIC: USAGE
    domain public.positive: base=integer default=1 privileges=PUBLIC: USAGE comment=domain
    domain constraint public.positive."greater; than 0": definition=CHECK ((VALUE > 0)) validated=yes comment=domain constraint
    type public.pair: attributes=[{comment=attribute data_type=integer name=one}, {collation=pg_catalog."C" data_type=text name=two; 2}] privileges=PUBLIC: USAGE comment=composite
    type public.floats: default_class=yes difference=float8mi multirange=many; floats operator_class=pg_catalog.float8_ops subtype=double precision privileges=PUBLIC: USAGE comment=range
    function public.f(integer, text[]): arguments=a integer, VARIADIC b text[] DEFAULT '{}'::text[] body_is_text=yes defaults=1 definition=CREATE OR REPLACE FUNCTION public.f(a integer, VARIADIC b text[] DEFAULT '{}'::text[]) RETURNS text LANGUAGE sql IMMUTABLE AS $function$ select 'x' $function$ language=sql modes=[i, v] names=[a, b] result=text privileges=PUBLIC: EXECUTE
    function public.f(text): arguments=a text body_is_text=yes definition=CREATE OR REPLACE FUNCTION public.f(a text) RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path TO '' AS $function$ begin return 1; end $function$ language=plpgsql names=[a] result=integer comment=function
    function public.g(text): arguments=OUT one integer, INOUT two text definition=CREATE OR REPLACE FUNCTION public.g(OUT one integer, INOUT two text) RETURNS record LANGUAGE sql BEGIN ATOMIC SELECT 1, one; END language=sql modes=[o, b] names=[one, two] result=record privileges=PUBLIC: EXECUTE
    function public.touch(): arguments= body_is_text=yes definition=CREATE OR REPLACE FUNCTION public.touch() RETURNS trigger LANGUAGE plpgsql AS $function$ begin return new; end $function$ language=plpgsql result=trigger owner=pg_monitor privileges=PUBLIC: EXECUTE
    function public.watch(): arguments= body_is_text=yes definition=CREATE OR REPLACE FUNCTION public.watch() RETURNS event_trigger LANGUAGE plpgsql AS $function$ begin end $function$ language=plpgsql result=event_trigger privileges=PUBLIC: EXECUTE
    procedure public."Do; it"(integer): arguments=INOUT a integer definition=CREATE OR REPLACE PROCEDURE public."Do; it"(INOUT a integer) LANGUAGE sql BEGIN ATOMIC SELECT a AS a; END language=sql modes=[b] names=[a] privileges=PUBLIC: EXECUTE comment=procedure
    aggregate public.total(integer): arguments=integer options=SFUNC = int4pl, STYPE = integer, INITCOND = '0', PARALLEL = SAFE result=integer privileges=PUBLIC: EXECUTE comment=aggregate
    operator public.=== (bigint, integer): create=CREATE OPERATOR public.=== (FUNCTION = int84eq, LEFTARG = bigint, RIGHTARG = integer, COMMUTATOR = OPERATOR(public.====), RESTRICT = eqsel) comment=operator
    operator family public.whole USING btree: create=CREATE OPERATOR FAMILY public.whole USING btree then=[ALTER OPERATOR FAMILY public.whole USING btree ADD OPERATOR 1 <(integer,bigint)] comment=operator family
    operator class public.ints USING btree: create=CREATE OPERATOR CLASS public.ints FOR TYPE integer USING btree FAMILY public.whole AS FUNCTION 1 (integer, integer) btint4cmp(integer,integer), OPERATOR 1 <(integer,integer), OPERATOR 2 <=(integer,integer), OPERATOR 3 =(integer,integer), OPERATOR 4 >=(integer,integer), OPERATOR 5 >(integer,integer) comment=operator class
    cast (public.pair AS text): create=CREATE CAST (public.pair AS text) WITH INOUT AS ASSIGNMENT comment=cast
    transform FOR integer LANGUAGE sql: create=CREATE TRANSFORM FOR integer LANGUAGE sql (FROM SQL WITH FUNCTION prsd_lextype(internal), TO SQL WITH FUNCTION int4recv(internal)) comment=transform
    text search parser public.words: create=CREATE TEXT SEARCH PARSER public.words (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end, HEADLINE = prsd_headline, LEXTYPES = prsd_lextype) comment=parser
    text search template public.plain: create=CREATE TEXT SEARCH TEMPLATE public.plain (INIT = dsimple_init, LEXIZE = dsimple_lexize) comment=template
    text search dictionary public.stems: create=CREATE TEXT SEARCH DICTIONARY public.stems (TEMPLATE = public.plain) comment=dictionary
    text search configuration public.spoken: create=CREATE TEXT SEARCH CONFIGURATION public.spoken (PARSER = public.words) then=[ALTER TEXT SEARCH CONFIGURATION public.spoken ADD MAPPING FOR asciiword WITH public.stems, pg_catalog.simple, ALTER TEXT SEARCH CONFIGURATION public.spoken ADD MAPPING FOR word WITH public.stems, pg_catalog.simple] comment=configuration
    sequence public.numbers: options={cache=5 cycle=yes data_type=smallint increment=3 max=99 min=2 start=7} privileges=pg_monitor: USAGE comment=sequence
    sequence public.t_id_seq: options={cache=1 data_type=integer increment=1 max=2147483647 min=1 start=1} owned_by=[public, t, id]
    table "My ""Schema"".x"."T. 'able": kind=r replica_identity=d
    table public.abroad: foreign_options=[file=f] kind=f replica_identity=n server=far; away comment=foreign table
    table public.child: kind=r parents=[[public, parent]] replica_identity=d
    table public.parent: kind=r replica_identity=d
    table public.part_one: bound=FOR VALUES IN (1) kind=r parents=[[public, parts]] replica_identity=d
    table public.part_rest: bound=DEFAULT kind=r parents=[[public, parts]] replica_identity=d
    table public.parts: kind=p partition_key=LIST (a) replica_identity=d
    table public.t: kind=r replica_identity=d privileges=PUBLIC: UPDATE; pg_monitor: SELECT with grant option comment=a 'table'
    table public.typed: kind=r of_type=public.pair replica_identity=d
    table public.u: kind=r options=[fillfactor=50] replica_identity=i toast_options=[autovacuum_enabled=off] unlogged=yes
    column "My ""Schema"".x"."T. 'able"."Größe; --": data_type=public.positive local=yes not_null=yes not_null_validated=yes position=2
    column "My ""Schema"".x"."T. 'able".e: data_type="My ""Schema"".x"."E'num" local=yes not_null_validated=yes position=3
    column "My ""Schema"".x"."T. 'able".id: data_type=bigint identity={always=yes options={cache=1 data_type=bigint increment=1 max=9223372036854775807 min=1 start=1} sequence=[My "Schema".x, T. 'able_id_seq]} local=yes not_null=yes not_null_validated=yes position=1
    column public.abroad.a: data_type=integer foreign_options=[name=x] local=yes not_null_validated=yes position=1
    column public.abroad.b: data_type=integer local=yes not_null_validated=yes position=2
    column public.child.a: data_type=integer inherited=1 local=yes not_null=yes not_null_validated=yes position=1
    column public.child.b: data_type=integer local=yes not_null_validated=yes position=2
    column public.m.n: data_type=bigint local=yes not_null_validated=yes position=1
    column public.parent.a: data_type=integer local=yes not_null_validated=yes position=1
    column public.part_one.a: data_type=integer inherited=1 not_null=yes not_null_validated=yes position=1
    column public.part_one.b: data_type=text inherited=1 not_null_validated=yes position=2
    column public.part_rest.a: data_type=integer inherited=1 not_null=yes not_null_validated=yes position=1
    column public.part_rest.b: data_type=text inherited=1 not_null_validated=yes position=2
    column public.parts.a: data_type=integer local=yes not_null=yes not_null_validated=yes position=1
    column public.parts.b: data_type=text local=yes not_null_validated=yes position=2
    column public.t.a: data_type=integer local=yes not_null_validated=yes position=2 statistics=500 privileges=pg_monitor: INSERT with grant option comment=column
    column public.t.b: collation=pg_catalog."C" data_type=text local=yes not_null_validated=yes position=3
    column public.t.c: data_type=integer local=yes not_null_validated=yes position=4
    column public.t.id: data_type=integer local=yes not_null=yes not_null_validated=yes position=1
    column public.t.p: data_type=public.pair local=yes not_null_validated=yes position=6
    column public.t.r: data_type=int4range local=yes not_null_validated=yes position=7
    column public.t.tags: data_type=text[] local=yes not_null=yes not_null_validated=yes position=5
    column public.typed.one: data_type=integer local=yes not_null_validated=yes position=1
    column public.typed."two; 2": collation=pg_catalog."C" data_type=text local=yes not_null_validated=yes position=2
    column public.u.a: data_type=integer local=yes not_null=yes not_null_validated=yes options=[n_distinct=5] position=1 statistics=300
    column public.u.b: compression=p data_type=text local=yes not_null_validated=yes position=2 storage=e
    column public.v.a: data_type=integer local=yes not_null_validated=yes position=2 comment=column of a view
    column public.v.b: collation=pg_catalog."C" data_type=text local=yes not_null_validated=yes position=3
    column public.v.id: data_type=integer local=yes not_null_validated=yes position=1
    sequence "My ""Schema"".x"."T. 'able_id_seq": privileges=pg_monitor: USAGE comment=sequence of a column
    default of public.child.a: expression=3
    default of public.t.b: expression='x'::text
    default of public.t.c: expression=(a * 2) generated=s
    default of public.t.id: expression=nextval('public.t_id_seq'::regclass)
    default of public.t.tags: expression='{}'::text[]
    default of public.typed.one: expression=1
    default of public.v.b: expression='view'::text
    constraint "My ""Schema"".x"."T. 'able"."T. 'able_Größe; --_id_key": definition=UNIQUE ("Größe; --", id) enforced=yes index={} kind=u local=yes validated=yes
    constraint "My ""Schema"".x"."T. 'able"."T. 'able_pkey": definition=PRIMARY KEY (id) enforced=yes index={} kind=p local=yes validated=yes
    constraint public.child.has_a: definition=CHECK ((a IS NOT NULL)) enforced=yes inherited=1 kind=c validated=yes
    constraint public.parent.has_a: definition=CHECK ((a IS NOT NULL)) enforced=yes kind=c local=yes validated=yes
    constraint public.part_one.part_one_pkey: definition=PRIMARY KEY (a) enforced=yes index={} inherited=1 kind=p parent=[public, parts, parts_pkey] validated=yes
    constraint public.part_rest.part_rest_pkey: definition=PRIMARY KEY (a) enforced=yes index={} inherited=1 kind=p parent=[public, parts, parts_pkey] validated=yes
    constraint public.parts.parts_pkey: definition=PRIMARY KEY (a) enforced=yes index={} kind=p local=yes validated=yes
    constraint public.t.a_not_b: definition=CHECK ((a > 0)) NOT VALID enforced=yes kind=c local=yes comment=constraint
    constraint public.t."t → T": deferrable=yes deferred=yes definition=FOREIGN KEY (id) REFERENCES "My ""Schema"".x"."T. 'able"(id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED enforced=yes kind=f local=yes references=[My "Schema".x, T. 'able] validated=yes
    constraint public.t.t_pkey: definition=PRIMARY KEY (id) enforced=yes index={clustered=yes comment=its index} kind=p local=yes validated=yes comment=primary key
    constraint public.t.t_r_excl: definition=EXCLUDE USING gist (r WITH &&) enforced=yes index={} kind=x local=yes validated=yes
    constraint public.u.u_a_key: definition=UNIQUE (a) enforced=yes index={options=[fillfactor=70] replica_identity=yes} kind=u local=yes validated=yes
    index public.doubled: definition=CREATE INDEX doubled ON public.t USING btree (((a * 2))) WITH (fillfactor='80') statistics=[[1, 200]] table=[public, t] valid=yes
    index public."i; drop": definition=CREATE INDEX "i; drop" ON public.t USING gin (tags) WHERE (a > 3) table=[public, t] valid=yes comment=index
    index public.lowered: definition=CREATE UNIQUE INDEX lowered ON public.t USING btree (lower(b), a DESC NULLS LAST) INCLUDE (c) table=[public, t] unique=yes valid=yes
    index public.m_n_idx: definition=CREATE INDEX m_n_idx ON public.m USING btree (n) table=[public, m] valid=yes
    index public.parent_a_idx: definition=CREATE INDEX parent_a_idx ON public.parent USING btree (a) table=[public, parent] valid=yes
    index public.part_one_b_idx: definition=CREATE INDEX part_one_b_idx ON public.part_one USING btree (b) parent=[public, parts_b_idx] table=[public, part_one] valid=yes
    index public.part_rest_b_idx: definition=CREATE INDEX part_rest_b_idx ON public.part_rest USING btree (b) parent=[public, parts_b_idx] table=[public, part_rest] valid=yes
    index public.parts_b_idx: definition=CREATE INDEX parts_b_idx ON ONLY public.parts USING btree (b) partitioned=yes table=[public, parts] valid=yes
    statistics public.related: create=CREATE STATISTICS public.related (ndistinct, dependencies) ON a, b FROM public.t comment=statistics
    view public.v: options=[security_invoker=true] populated=yes query=SELECT id, a, b FROM public.t WHERE (a > 1) comment=view
    materialized view public.m: options=[fillfactor=90] query=SELECT count(*) AS n FROM public.t comment=materialized view
    rule public.t."no; deletion": definition=CREATE RULE "no; deletion" AS ON DELETE TO public.t DO INSTEAD NOTHING; enabled=O comment=rule
    trigger public.part_one.each: definition=CREATE TRIGGER each AFTER INSERT ON public.part_one FOR EACH ROW EXECUTE FUNCTION public.touch() enabled=D inherited=yes
    trigger public.part_rest.each: definition=CREATE TRIGGER each AFTER INSERT ON public.part_rest FOR EACH ROW EXECUTE FUNCTION public.touch() enabled=O inherited=yes
    trigger public.parts.each: definition=CREATE TRIGGER each AFTER INSERT ON public.parts FOR EACH ROW EXECUTE FUNCTION public.touch() enabled=O
    trigger public.t.later: constraint=yes definition=CREATE CONSTRAINT TRIGGER later AFTER INSERT ON public.t DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.touch() enabled=O comment=constraint trigger
    trigger public.t.off: definition=CREATE TRIGGER off AFTER INSERT ON public.t FOR EACH STATEMENT EXECUTE FUNCTION public.touch() enabled=D
    trigger public.t."on; T": definition=CREATE TRIGGER "on; T" BEFORE UPDATE OF a ON public.t FOR EACH ROW WHEN ((old.a IS DISTINCT FROM new.a)) EXECUTE FUNCTION public.touch() enabled=O comment=trigger
    event trigger ears: create=CREATE EVENT TRIGGER ears ON ddl_command_end WHEN TAG IN ('CREATE CAST', 'DROP CAST') EXECUTE FUNCTION public.watch() then=[ALTER EVENT TRIGGER ears DISABLE] comment=event trigger
    row security of public.t: enabled=yes forced=yes
    policy public.t."own; rows": check=(b = 'ä'::text) command=UPDATE roles=[] using=(a = 1) comment=policy
    policy public.u.open: command=ALL permissive=yes roles=[pg_monitor, pg_read_all_data] using=true
    default privileges of pg_monitor."S": owner=pg_monitor privileges=pg_read_all_data: USAGE with grant option
    default privileges of postgres.f:
    default privileges of postgres.r: privileges=pg_monitor: SELECT
    default privileges of postgres.apart.r: privileges=pg_monitor: INSERT
    default privileges of postgres.public."T": privileges=pg_monitor: USAGE
    publication chosen: publish=insert, update via_root=yes comment=publication
    publication everything: all_tables=yes publish=insert, update, delete, truncate
    publication whole: publish=insert, update, delete, truncate
    publication table chosen public.parts: table=[public, parts]
    publication table chosen public.t: columns=[id, a] filter=(a > 3) table=[public, t]
    publication schema whole apart:
    subscription news: options=slot_name = NONE, binary = false, streaming = off, synchronous_commit = 'off', disable_on_error = false, password_required = true, run_as_owner = false, origin = any, failover = false publications=[chosen] comment=subscription
    object dependence of function public.watch() on extension pg_trgm: create=
    object privileges of members of extension pg_trgm: create=function public.show_trgm(text): postgres=X/postgres
    object privileges of system objects: create=function pg_sleep(double precision): postgres=X/postgres
    object shell operator public.==== (integer, bigint): create=
    object shell type public.shell: create= privileges=PUBLIC: USAGE
    object state of the triggers of constraint "t → T" on public.t: create=public.t 5 D, public.t 17 D
    "#);
}
