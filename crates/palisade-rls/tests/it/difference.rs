//! Differences of access in words, and the direction that is claimed.

use palisade_policy::{Compare, access_difference};
use palisade_rls::read_facts;
use std::collections::BTreeSet;

use crate::support::Database;

const TABLE: &str = "create table public.posts (id int primary key, author_id uuid not null, title text, published bool not null,
        deleted_at timestamptz, status text);
    alter table public.posts enable row level security;
    grant select, insert, update, delete on public.posts to anon, authenticated;
    create table public.others (id int, author_id uuid, status text, title text);
    grant select on public.others to anon, authenticated;
    create function public.is_admin() returns bool language sql stable as $$ select auth.jwt() ->> 'kind' = 'admin' $$;";

/// The changes from one set of policies to another.
async fn changes(from: &str, to: &str) -> String {
    changes_of(&format!("{TABLE}{from}"), &format!("{TABLE}{to}")).await
}

async fn changes_of(from: &str, to: &str) -> String {
    let read = async |sql: &str| {
        let database = Database::new(sql).await;
        read_facts(&mut database.connect().await).await.unwrap()
    };
    let (from, to) = (read(from).await, read(to).await);
    let of_public = [&from, &to].into_iter().flat_map(|it| it.relations.values());
    let tables: BTreeSet<String> =
        of_public.filter(|it| it.schema_name == "public").map(palisade_policy::Relation::qualified).collect();
    let roles = ["anon", "authenticated"].map(str::to_owned);
    let what = Compare { tables: &tables, roles: &[], application: &roles };
    let lines: Vec<String> = access_difference(&from, &to, &what).iter().map(ToString::to_string).collect();
    lines.join("\n")
}

fn select(condition: &str) -> String {
    format!("create policy p on public.posts for select to anon using ({condition});")
}

#[tokio::test]
async fn what_means_the_same_is_no_difference() {
    let same = [
        ("status in ('a', 'b')", "status = 'b' or status = 'a'"),
        ("not (published and id > 3)", "id <= 3 or not published"),
        ("author_id = auth.uid()", "auth.uid() = author_id"),
        ("author_id = auth.uid()", "author_id = (select auth.uid())"),
        ("published = true", "published"),
        ("published is true", "published"),
        ("published <> false", "published"),
        ("(status = 'a') = (id > 1)", "(id <= 1) = (status <> 'a')"),
        ("author_id is not null and published", "published"),
        ("status <> 'a' and status = 'b'", "status = 'b'"),
        ("published or (published and id = 1)", "published"),
    ];
    for (from, to) in same {
        assert_eq!(changes(&select(from), &select(to)).await, "", "{from} | {to}");
    }
}

#[tokio::test]
async fn the_direction_is_proven() {
    let direction = async |from: &str, to: &str| {
        let text = changes(&select(from), &select(to)).await;
        text.rsplit('(').next().unwrap_or_default().trim_end().trim_end_matches(')').to_owned()
    };
    assert_eq!(direction("published", "published or id = 1").await, "WIDENED");
    assert_eq!(direction("published", "published and id = 1").await, "narrowed");
    assert_eq!(direction("id = 1", "id = 2").await, "WIDENED AND NARROWED");
    assert_eq!(direction("status in ('a', 'b')", "status = 'a'").await, "narrowed");
    // A column that may be null is not the same as one that is not.
    assert_eq!(direction("status = 'a' or status <> 'a'", "true").await, "WIDENED");
    // What is in a sub-select is not looked into.
    let exists = |it: &str| format!("exists (select from public.others x where x.status = '{it}')");
    assert_eq!(direction(&exists("a"), &exists("b")).await, "UNKNOWN");
    assert_eq!(direction(&exists("a"), &format!("published and {}", exists("a"))).await, "narrowed");
    // Each call of a volatile function is another one.
    assert_eq!(direction("random() < 0.5", "random() < 0.5").await, "");
    assert_eq!(direction("random() < 0.5", "published and random() < 0.5").await, "UNKNOWN");
    // A cast that rounds is no other way to write the column.
    assert_eq!(direction("id::numeric::int = 1", "id = 1").await, "UNKNOWN");
}

#[tokio::test]
async fn changes_are_told_in_words() {
    let from = "create policy own on public.posts for update to authenticated using (author_id = auth.uid());
        create policy gone on public.posts for delete to authenticated using (author_id = auth.uid());
        create policy see on public.posts for select to authenticated using (author_id = auth.uid() or published);";
    let to = "create policy own on public.posts for update to authenticated using (author_id = auth.uid())
            with check (published);
        create policy see on public.posts for select to authenticated using (author_id = auth.uid());
        create policy seen on public.posts for select to anon using (published);";
    insta::assert_snapshot!(changes(from, to).await, @"
    + anon may SELECT public.posts where published
    ! authenticated UPDATE public.posts: new rows no longer bound to author_id (WIDENED AND NARROWED)
    ~ authenticated SELECT public.posts: rows where (author_id = auth.uid()), before where ((author_id = auth.uid()) OR published) (narrowed)
    - authenticated may no longer DELETE public.posts
    ");
}

#[tokio::test]
async fn rights_flags_and_functions_are_access_too() {
    let policy = "create policy p on public.posts to authenticated using (public.is_admin());";
    let other_body =
        "create or replace function public.is_admin() returns bool language sql stable as $$ select true $$;";
    insta::assert_snapshot!(changes(policy, &format!("{policy}{other_body}")).await, @"
    ? authenticated SELECT public.posts: rows where public.is_admin(), in which a function does something else now (UNKNOWN)
    ? authenticated INSERT public.posts: new rows no longer bound to the caller (UNKNOWN)
    ? authenticated UPDATE public.posts: rows where public.is_admin(), in which a function does something else now; new rows no longer bound to the caller (UNKNOWN)
    ? authenticated DELETE public.posts: rows where public.is_admin(), in which a function does something else now (UNKNOWN)
    ");
    let off = "alter table public.posts disable row level security; revoke select on public.posts from anon;
        revoke update on public.posts from authenticated; grant update (title) on public.posts to authenticated;";
    insta::assert_snapshot!(changes(policy, &format!("{policy}{off}")).await, @"
    + anon may INSERT public.posts, all rows
    + anon may UPDATE public.posts, all rows
    + anon may DELETE public.posts, all rows
    ! authenticated SELECT public.posts: all rows, before where public.is_admin() (WIDENED)
    ! authenticated INSERT public.posts: new rows no longer bound to the caller (WIDENED)
    ! authenticated DELETE public.posts: all rows, before where public.is_admin() (WIDENED)
    ! authenticated UPDATE public.posts: all rows, before where public.is_admin(); new rows no longer bound to the caller; columns title, before all (WIDENED AND NARROWED)
    ");
}

#[tokio::test]
async fn columns_are_compared_by_name() {
    let dropped = format!(
        "create table public.posts (gone int, id int primary key, author_id uuid not null, title text, published bool not null,
            deleted_at timestamptz, status text);
        alter table public.posts drop column gone;
        {}",
        TABLE.split_once(';').unwrap().1
    );
    let policy = "create policy p on public.posts for select to anon using (published and status = 'a' and exists (
        select from public.others x join public.others y using (id) where x.author_id = posts.author_id and y.title = 'a'));";
    assert_eq!(changes_of(&format!("{TABLE}{policy}"), &format!("{dropped}{policy}")).await, "");
}

#[tokio::test]
async fn ways_around_policies_are_access_too() {
    let policy = "create policy p on public.posts to authenticated using (author_id = auth.uid());
        create view public.own with (security_invoker) as select id from public.posts;
        grant select on public.own to authenticated;";
    let doors = "create function public.all_posts() returns setof public.posts language sql security definer set search_path = ''
            as $$ select * from public.posts $$;
        revoke execute on function public.all_posts() from public;
        grant execute on function public.all_posts() to anon;
        alter view public.own set (security_invoker = false);";
    insta::assert_snapshot!(changes(policy, &format!("{policy}{doors}")).await, @"
    + anon may reach public.posts around its policies: function public.all_posts() reads as postgres
    + authenticated may reach public.posts around its policies: view public.own reads as postgres
    ? authenticated SELECT public.own: all rows, before some; the view selects something else, or as somebody else (UNKNOWN)
    ");
    let other = "create or replace function public.all_posts() returns setof public.posts language sql security definer
            set search_path = '' as $$ select * from public.posts where published $$;
        create or replace view public.own as select id from public.posts where published;";
    insta::assert_snapshot!(changes(&format!("{policy}{doors}"), &format!("{policy}{doors}{other}")).await, @"
    ? authenticated SELECT public.own: the view selects something else, or as somebody else (UNKNOWN)
    ? anon reaches public.posts around its policies: function public.all_posts() reads as postgres, which does something else now (UNKNOWN)
    ? authenticated reaches public.posts around its policies: view public.own reads as postgres, which does something else now (UNKNOWN)
    ");
}

#[tokio::test]
async fn what_differs_in_form_only_is_not_taken_for_the_same() {
    let pairs = [
        ("id in (values (1), (2))", "id in (values (2), (3))"),
        (
            "id = (select id from public.others order by id limit 1)",
            "id = (select id from public.others order by id desc limit 1)",
        ),
        ("id in (select 1 union select 2)", "id in (select 1 intersect select 2)"),
        ("id in (select 1 union select 2)", "id in (select 1 union all select 2)"),
        ("id in (select distinct on (status) id from public.others)", "id in (select id from public.others)"),
        (
            "id in (select a.id from public.others a join public.others b using (status))",
            "id in (select a.id from public.others a left join public.others b using (status))",
        ),
        (
            "exists (select from public.others a left join public.others b on a.id = b.id and b.status = 'x')",
            "exists (select from public.others a left join public.others b on a.id = b.id where b.status = 'x')",
        ),
        ("id in (select id from only public.others)", "id in (select id from public.others)"),
        (
            "id = (select count(*) filter (where status = 'a') from public.others)",
            "id = (select count(*) filter (where status = 'b') from public.others)",
        ),
        ("id = (select count(id) from public.others)", "id = (select count(distinct id) from public.others)"),
        ("id = num_nulls(variadic array[id, null])", "id = num_nulls(array[id, null])"),
        ("(array[id, 2])[2:] = array[2]", "(array[id, 2])[:2] = array[2]"),
        ("title collate \"C\" < 'B'", "title < 'B'"),
        ("greatest(id, 2) = 2", "least(id, 2) = 2"),
        (
            "id in (select a from jsonb_to_recordset('[]') as x(a int, b int))",
            "id in (select b from jsonb_to_recordset('[]') as x(a int, b int))",
        ),
    ];
    for (from, to) in pairs {
        assert_ne!(changes(&select(from), &select(to)).await, "", "{from} | {to}");
        assert_eq!(changes(&select(from), &select(from)).await, "", "{from}");
    }
}

#[tokio::test]
async fn what_a_policy_reads_through_is_a_part_of_it() {
    let view = |condition: &str| {
        format!(
            "create view public.seen as select id from public.others where {condition};
             grant select on public.seen to anon; {}",
            select("id in (select id from public.seen)")
        )
    };
    let told = changes(&view("id > 1"), &view("id > 0")).await;
    assert!(told.contains("? anon SELECT public.posts: "), "{told}");
}
