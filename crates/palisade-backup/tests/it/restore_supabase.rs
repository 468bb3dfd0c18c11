//! Restores into a Supabase database, as a role that owns what its users own, and onto other roles than those of the backup.

use palisade_backup::{
    CreateOptions, EngineChoice, Manifest, Overwrite, Owners, RestoreError, RestoreOptions, RestoreTarget, create,
    look, restore,
};
use palisade_db::{ConnectSettings, Connection};
use palisade_embedded::ScratchDatabase;

use crate::support::{Place, ask, content, run};

/// What users of Supabase have in the schemas of Supabase, and what Supabase has there itself.
const PROJECT: &str = "
    insert into auth.users (id, email) select gen_random_uuid(), it || '@example.com' from generate_series(1, 100) it;
    insert into auth.identities (provider_id, user_id, identity_data, provider) select id::text, id, '{}', 'email' from auth.users;
    insert into storage.buckets (id, name) values ('b', 'b'); insert into storage.objects (bucket_id, name) values ('b', 'a/b.txt');
    create table auth.schema_migrations (version text); insert into auth.schema_migrations values ('of the source');
    create table auth.of_a_newer_version (a int); insert into auth.of_a_newer_version values (1);
    create function public.handle() returns trigger language plpgsql as $$ begin raise exception 'fired'; end $$;
    create trigger \"on new\" after insert on auth.users for each row execute function public.handle();
    create function auth.own() returns trigger language plpgsql as $$ begin return new; end $$;
    create trigger own after insert on auth.users for each row execute function auth.own();
    alter table auth.users disable trigger all;
    create policy \"mine to see\" on storage.objects for select to authenticated using (owner = auth.uid());
    create policy on_users on auth.users for select using (false); create policy told on realtime.messages for select using (true);
    create table public.profiles (id uuid primary key references auth.users, name text);
    insert into profiles select id, email from auth.users; alter publication supabase_realtime add table profiles;
    create type public.mood as enum ('fine'); create view public.everybody as select * from profiles;";

/// What a restore should bring, in one text.
const BROUGHT: &str = "select concat_ws(' ', (select md5(string_agg(id::text || email, ',' order by id)) from auth.users),
    (select count(*) from auth.identities), (select count(*) from storage.buckets), (select string_agg(name, ',') from storage.objects),
    (select string_agg(polname || polrelid::regclass::text || polroles::regrole[]::text, ',' order by polname) from pg_policy),
    (select string_agg(tgname, ',' order by tgname) from pg_trigger where not tgisinternal and tgname <> 'own'),
    has_table_privilege('anon', 'profiles', 'select'), has_function_privilege('anon', 'handle()', 'execute'),
    has_table_privilege('anon', 'people', 'truncate'), (select count(*) from pg_proc, aclexplode(proacl) a where proname = 'handle' and a.grantee = 'service_role'::regrole),
    (select count(*) from everybody), (select string_agg(tablename, ',') from pg_publication_tables))";

/// A role like Supabase's `postgres`: no superuser, the owner of the database, not of Supabase's schemas. That it may make policies and
/// triggers on Supabase's tables is a hook of the platform, which membership stands in for.
async fn role(connection: &mut Connection) -> String {
    let role = ask(connection, "select 'r' || replace(gen_random_uuid()::text, '-', '')").await;
    run(
        connection,
        &format!(
            "create role {role} login password 'p' bypassrls;
             grant supabase_auth_admin, supabase_storage_admin, supabase_realtime_admin to {role};
             grant set on parameter session_replication_role to {role};
             grant usage on schema auth, storage, realtime to {role};
             alter default privileges for role {role} in schema public grant all on tables to anon, service_role;
             alter default privileges for role {role} grant execute on functions to service_role;
             create table if not exists auth.schema_migrations (version text);
             insert into auth.schema_migrations values ('of the target');
             alter publication supabase_realtime owner to current_user;
             do $$ begin execute format('alter database %I owner to {role}', current_database()); end $$;
             alter publication supabase_realtime owner to {role}"
        ),
    )
    .await;
    role
}

async fn gone(connection: &mut Connection, role: &str) {
    run(
        connection,
        &format!(
            "do $$ begin execute format('alter database %I owner to current_user', current_database()); end $$;
             reassign owned by {role} to current_user; drop owned by {role};
             revoke set on parameter session_replication_role from {role}; drop role {role}"
        ),
    )
    .await;
}

async fn restoring(place: &Place, manifest: &Manifest, to: &ScratchDatabase, role: &str) -> RestoreOptions {
    let mut url = to.tcp_url().clone();
    url.user = role.to_owned();
    url.password = Some("p".into());
    let target = RestoreTarget::url(ConnectSettings::new(url), &[]).unwrap();
    RestoreOptions { target, owners: Owners::Fitting, ..place.restoring(manifest, to).await }
}

async fn into_a_project(engine: EngineChoice, jobs: usize) {
    let place = Place::new().await;
    run(&mut place.connect().await, PROJECT).await;
    let (before, rows) = (ask(&mut place.connect().await, BROUGHT).await, content(&mut place.connect().await).await);
    let manifest = create(&CreateOptions { engine, ..place.options() }, |_| ()).await.unwrap();
    let target = palisade_tests::supabase_database().await;
    let mut connection = palisade_tests::connection(&target).await;
    let role = role(&mut connection).await;
    let options = RestoreOptions { jobs, ..restoring(&place, &manifest, &target, &role).await };
    let possible = look(&options).await.unwrap();
    assert!(possible.supabase && possible.objects.is_empty(), "{:?}", possible.objects);
    for overwrite in [Overwrite::Refuse, Overwrite::Confirmed] {
        let options = RestoreOptions { overwrite, ..options.clone() };
        let restored =
            Box::pin(restore(&options, |_| ())).await.unwrap_or_else(|error| panic!("{engine:?} {jobs} {error}"));
        assert_eq!(ask(&mut connection, BROUGHT).await, before);
        assert_eq!(content(&mut connection).await, rows);
        assert_eq!(
            ask(&mut connection, "select string_agg(version, ',') from auth.schema_migrations").await,
            "of the target"
        );
        let theirs = "select concat_ws(' ', to_regclass('auth.of_a_newer_version'), to_regproc('auth.own'))";
        assert_eq!(ask(&mut connection, theirs).await, "");
        let owner = "select relowner::regrole::text from pg_class where oid = 'public.profiles'::regclass";
        assert_eq!(ask(&mut connection, owner).await, role);
        let told = |words: &str| restored.warnings.iter().filter(|it| it.contains(words)).count();
        assert_eq!((told("belongs to"), told("left out of the schema `auth`")), (1, 1), "{:?}", restored.warnings);
        assert!(told("default privileges of `supabase_admin`") == 1, "{:?}", restored.warnings);
        assert_eq!(told("of_a_newer_version"), 1, "{:?}", restored.warnings);
        run(&mut connection, "create table mine (); insert into storage.buckets (id, name) values ('mine', 'mine')")
            .await;
    }
    gone(&mut connection, &role).await;
}

#[tokio::test]
async fn a_project_comes_back_into_a_new_project() {
    // One after the other: rights to parameters belong to the whole server.
    for jobs in [1, 2] {
        Box::pin(into_a_project(EngineChoice::Single, jobs)).await;
        Box::pin(into_a_project(EngineChoice::Parallel, jobs)).await;
    }
}

#[tokio::test]
async fn roles_that_are_missing_are_all_named_or_done_without() {
    let place = Place::new().await;
    let mut connection = place.connect().await;
    let names = ask(&mut connection, "select replace(gen_random_uuid()::text, '-', '')").await;
    let [owner, reader, watched] = ["owner", "reader", "watched"].map(|it| format!("\"{it} {names}\""));
    run(
        &mut connection,
        &format!(
            "create role {owner}; create role {reader}; create role {watched}; alter table teams owner to {owner};
             grant select on people to {reader}, anon"
        ),
    )
    .await;
    let without_policy = place.backup().await.unwrap();
    run(&mut connection, &format!("create policy w on teams for select to {watched} using (true)")).await;
    let with_policy = place.backup().await.unwrap();
    run(
        &mut connection,
        &format!(
            "alter table teams owner to current_user; drop policy w on teams; revoke all on people from {reader};
             drop owned by {owner}; drop role {owner}; drop role {reader}; drop role {watched}"
        ),
    )
    .await;
    let missing = |error: RestoreError| match error {
        RestoreError::RolesMissing { roles } => {
            roles.iter().map(|it| it.split(' ').next().unwrap().to_owned()).collect::<Vec<_>>()
        }
        other => panic!("{other}"),
    };
    for jobs in [1, 2] {
        let empty = palisade_tests::database().await;
        let as_backed_up = RestoreOptions { jobs, ..place.restoring(&with_policy, &empty).await };
        assert_eq!(missing(look(&as_backed_up).await.unwrap_err()), ["owner", "reader", "watched"]);
        let restorer = RestoreOptions { owners: Owners::Restorer, ..as_backed_up.clone() };
        assert_eq!(missing(restore(&restorer, |_| ()).await.unwrap_err()), ["reader", "watched"]);
        let fitting = RestoreOptions { owners: Owners::Fitting, ..as_backed_up };
        assert_eq!(missing(restore(&fitting, |_| ()).await.unwrap_err()), ["watched"]);

        let fitting =
            RestoreOptions { jobs, owners: Owners::Fitting, ..place.restoring(&without_policy, &empty).await };
        let restored = restore(&fitting, |_| ()).await.unwrap();
        let told = |words: &str| restored.warnings.iter().filter(|it| it.contains(words)).count();
        assert_eq!((told("what belonged to `owner"), told("rights of `reader")), (1, 1), "{:?}", restored.warnings);
        let mut connection = palisade_tests::connection(&empty).await;
        let rights = "select has_table_privilege('anon', 'people', 'select')::text";
        assert_eq!(ask(&mut connection, rights).await, "true", "those of others stay");
        empty.close().await.unwrap();
    }
}
