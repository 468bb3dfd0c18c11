//! What looks like Supabase.

use palisade_config::GrantRegime;
use palisade_db::{Connection, batch};
use palisade_embedded::{Layer, supabase};
use palisade_tests::{connection, database, database_with, supabase_database};

use crate::project::ask;

async fn of(regime: GrantRegime) -> (palisade_embedded::ScratchDatabase, Connection) {
    let database = database_with(&[Layer::supabase(regime)]).await;
    let connection = connection(&database).await;
    (database, connection)
}

#[tokio::test]
async fn claims_arrive_in_policies() {
    let database = supabase_database().await;
    let mut connection = connection(&database).await;
    batch(
        &mut connection,
        "create table notes (id int, owner uuid references auth.users (id));
         insert into auth.users (id, email) values
           ('00000000-0000-0000-0000-00000000000a', 'a@example.com'),
           ('00000000-0000-0000-0000-00000000000b', 'b@example.com');
         insert into notes values
           (1, '00000000-0000-0000-0000-00000000000a'), (2, '00000000-0000-0000-0000-00000000000b');
         alter table notes enable row level security;
         grant select on notes to authenticated, service_role;
         create policy own on notes to authenticated using (owner = (select auth.uid()));",
    )
    .await
    .unwrap();
    let claims = r#"{"sub":"00000000-0000-0000-0000-00000000000b","role":"authenticated","email":"b@example.com"}"#;
    let set = format!("begin; set local role authenticated; select set_config('request.jwt.claims', '{claims}', true)");
    batch(&mut connection, &set).await.unwrap();
    assert_eq!(ask(&mut connection, "select string_agg(id::text, ',') from notes").await, "2");
    assert_eq!(ask(&mut connection, "select auth.role() || auth.email()").await, "authenticatedb@example.com");
    assert_eq!(ask(&mut connection, "select auth.jwt() ->> 'role'").await, "authenticated");
    batch(&mut connection, "rollback; begin; set local role service_role").await.unwrap();
    assert_eq!(ask(&mut connection, "select count(*) from notes").await, "2");
    batch(&mut connection, "rollback; begin; set local role anon").await.unwrap();
    assert!(batch(&mut connection, "select from notes").await.is_err());
}

#[tokio::test]
async fn the_regimes_differ_in_what_new_objects_grant() {
    let make = "create table t (id serial); create function f() returns int language sql as 'select 1'; ";
    let rights = "select concat_ws(' ',
        (select string_agg(privilege_type, ',' order by privilege_type)
           from information_schema.role_table_grants where table_name = 't' and grantee = 'anon'
           and privilege_type <> 'MAINTAIN'),
        has_sequence_privilege('anon', 't_id_seq', 'usage'), has_function_privilege('anon', 'f()', 'execute'))";
    let (_before, mut before) = of(GrantRegime::Before).await;
    assert_eq!(
        ask(&mut before, &format!("{make}{rights}")).await,
        "DELETE,INSERT,REFERENCES,SELECT,TRIGGER,TRUNCATE,UPDATE t t"
    );
    let (_after, mut after) = of(GrantRegime::After).await;
    // Functions are granted to PUBLIC by Postgres itself.
    assert_eq!(ask(&mut after, &format!("{make}{rights}")).await, "REFERENCES,TRIGGER,TRUNCATE f t");
}

#[tokio::test]
async fn it_can_be_installed_twice_and_the_regime_changed() {
    let database = database().await;
    let mut connection = connection(&database).await;
    for regime in [GrantRegime::Before, GrantRegime::Before, GrantRegime::After, GrantRegime::Before] {
        supabase::install(&mut connection, regime).await.unwrap();
        let granted = "create table t (); select has_table_privilege('anon', 't', 'select')::text; drop table t";
        let expected = if regime == GrantRegime::Before { "true" } else { "false" };
        assert_eq!(ask(&mut connection, granted).await, expected);
    }
}

#[tokio::test]
async fn many_databases_can_install_it_at_once() {
    let install = async |regime| {
        let database = database().await;
        supabase::install(&mut connection(&database).await, regime).await.unwrap();
    };
    let regimes = [GrantRegime::Before, GrantRegime::After].into_iter().cycle().take(8);
    futures_util::future::join_all(regimes.map(install)).await;
}

#[tokio::test]
async fn what_migrations_and_seeds_use_is_there() {
    let (_database, mut connection) = of(GrantRegime::After).await;
    for sql in [
        "insert into auth.users (instance_id, id, aud, role, email, encrypted_password, email_confirmed_at,
           raw_app_meta_data, raw_user_meta_data, created_at, updated_at, confirmation_token, email_change,
           email_change_token_new, recovery_token)
         values ('00000000-0000-0000-0000-000000000000', gen_random_uuid(), 'authenticated', 'authenticated',
           'x@example.com', 'hash', now(), '{}', '{}', now(), now(), '', '', '', '')",
        "insert into auth.identities (id, user_id, provider_id, identity_data, provider)
         select gen_random_uuid(), id, id::text, jsonb_build_object('sub', id, 'email', email), 'email' from auth.users",
        "insert into storage.buckets (id, name, public) values ('avatars', 'avatars', true)",
        "create policy p on storage.objects for select to authenticated
         using (bucket_id = 'avatars' and (storage.foldername(name))[1] = (select auth.uid()::text))",
        "create policy p on realtime.messages for select to authenticated using (realtime.topic() = 'room')",
        "create table public.t (id uuid default uuid_generate_v4() primary key)",
        "alter publication supabase_realtime add table public.t",
        "create function on_user() returns trigger language plpgsql as 'begin return new; end'",
        "create trigger on_user after insert on auth.users for each row execute function on_user()",
        "select realtime.send('{}', 'event', 'topic', false)",
        "grant select on t to dashboard_user; grant anon to postgres",
        "set session authorization authenticator; set role service_role; reset role; reset session authorization",
    ] {
        if let Err(failure) = batch(&mut connection, sql).await {
            panic!("{sql}: {failure}");
        }
    }
    let paths = "select storage.foldername('a/b/c.tar.gz')::text || storage.filename('a/b/c.tar.gz')
        || storage.extension('a/b/c.tar.gz')";
    assert_eq!(ask(&mut connection, paths).await, "{a,b}c.tar.gzgz");
    assert_eq!(ask(&mut connection, "select count(*) from realtime.messages").await, "1");
}

#[tokio::test]
async fn roles_have_the_attributes_of_supabase() {
    let (_database, mut connection) = of(GrantRegime::After).await;
    let roles = "select string_agg(concat_ws(' ', rolname, case when rolcanlogin then 'login' end,
          case when rolbypassrls then 'bypassrls' end, case when not rolinherit then 'noinherit' end), ', ' order by rolname)
        from pg_roles where rolname in ('anon', 'authenticated', 'service_role', 'authenticator')";
    assert_eq!(
        ask(&mut connection, roles).await,
        "anon, authenticated, authenticator login noinherit, service_role bypassrls"
    );
    let members = "select string_agg(roleid::regrole::text, ',' order by roleid::regrole::text)
        from pg_auth_members where member = 'authenticator'::regrole";
    assert_eq!(ask(&mut connection, members).await, "anon,authenticated,service_role");
}
