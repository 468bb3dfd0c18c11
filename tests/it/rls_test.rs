//! `rls test`, `rls attack` and `rls explain`: what the example proves, and how each ends.

use palisade_tests::CommandProject;
use serde_json::Value;

fn data(stdout: &str) -> Value {
    serde_json::from_str::<Value>(stdout).unwrap()["data"].clone()
}

#[test]
fn the_example_is_tested_and_stands_an_attack() {
    let project = CommandProject::example();
    let tests = data(&project.expect(0, &["rls", "test", "--output", "json"]).stdout);
    assert!(tests["passed"].as_u64() > Some(100), "{tests}");
    let mutation = ["rls", "test", "--mutate", "--min-score", "90", "--output", "json"];
    let mutation = data(&project.expect(0, &mutation).stdout)["mutation"].clone();
    assert!(mutation["mutants"].as_u64() > Some(70), "{mutation}");
    assert_eq!(mutation["impossible"], Value::Array(Vec::new()));
    let missed = project.expect(3, &["rls", "test", "--mutate", "--min-score", "100"]);
    assert!(missed.stdout.ends_with("The score is below 100 %\n"), "{}", missed.stdout);
    let attack = data(&project.expect(0, &["rls", "attack", "--output", "json"]).stdout)["attack"].clone();
    let states = attack["tables"].as_array().unwrap().iter().map(|it| it["state"].as_str().unwrap());
    assert_eq!(states.collect::<Vec<_>>(), ["attacked"; 4], "{attack}");
}

#[test]
fn what_the_documentation_shows_passes() {
    let project = CommandProject::example();
    let text = include_str!("../../docs/rls-tests.md");
    let blocks: Vec<&str> = text.split("```toml\n").skip(1).filter_map(|it| it.split("```").next()).collect();
    assert!(blocks.len() >= 3, "{}", blocks.len());
    for (number, block) in blocks.iter().enumerate() {
        project.write(&format!("rls/tests/documentation/{number}.toml"), block);
    }
    let ended = project.expect(0, &["rls", "test", "documentation"]);
    assert_eq!(ended.stdout, "All 11 tests passed\n");
}

#[test]
fn a_test_that_fails_shows_what_happened_and_how_to_repeat_it() {
    let project = CommandProject::example();
    let one = "[[test]]\nname = 'tom sees all'\nas = 'tom'\non = 'posts'\ncan = 'select'\n";
    project.write("rls/tests/posts.toml", one);
    let junit = project.root().join("rls.xml");
    let ended = project.expect(3, &["rls", "test", "tom sees", "--junit", junit.as_str()]);
    let says = "rls/tests/posts.toml:1: failed: tom sees all\n  expected: all of these rows are reached\n  got:      4 of 5 rows were reached\n    begin;\n";
    assert!(ended.stdout.starts_with(says), "{}", ended.stdout);
    let end = "    select count(*) from \"public\".\"posts\";\n    rollback;\n\n0 of 1 tests passed, 1 failed, 0 could not be run\n";
    assert!(ended.stdout.ends_with(end), "{}", ended.stdout);
    let xml = std::fs::read_to_string(junit).unwrap();
    assert!(xml.contains("<failure message=\"4 of 5 rows were reached\">"), "{xml}");
    let broken = one.replace("can =", "setup = 'nonsense'\ncan =");
    project.write("rls/tests/posts.toml", &broken);
    let ended = project.expect(1, &["rls", "test", "tom sees"]);
    assert!(ended.stdout.contains("could not be run: tom sees all"), "{}", ended.stdout);
    project.write("rls/tests/posts.toml", &one.replace("posts", "post"));
    let ended = project.expect(1, &["rls", "test", "tom sees"]);
    assert!(
        ended.stderr.contains("rls/tests/posts.toml:4:6: there is no table or view `public.post`"),
        "{}",
        ended.stderr
    );
    assert!(ended.stderr.contains("did you mean `public.posts`?"), "{}", ended.stderr);
    project.expect(2, &["rls", "test", "no such test"]);
    project.expect(2, &["rls", "test", "--mutate", "--env", "dev"]);
    let refused = project.expect(4, &["rls", "test", "--env", "prod"]);
    assert!(refused.stderr.contains("`prod` is protected"), "{}", refused.stderr);
}

#[tokio::test]
async fn the_database_of_an_environment_is_as_before() {
    let there = palisade_tests::supabase_database().await;
    let project = CommandProject::example().database("DATABASE_URL", &there);
    project.expect(0, &["db-push"]);
    project.expect(0, &["db-seed"]);
    let count = async || {
        let sql = "select (select count(*) from public.posts)::text || ' ' || (select count(*) from pg_policies)::text";
        palisade_tests::query(&mut palisade_tests::connection(&there).await, sql).await
    };
    let before = count().await;
    let ended = project.expect(0, &["rls", "test", "--env", "dev"]);
    assert!(ended.stdout.starts_with("All "), "{}", ended.stdout);
    let told = project
        .expect(0, &["rls", "explain", "--env", "dev", "--as", "tom", "--table", "posts", "--where", "not published"]);
    for says in ["and select on public.posts: policies\n", "id = 3: no\n", "id = 5: yes\n", "  false  published\n"] {
        assert!(told.stdout.contains(says), "{}", told.stdout);
    }
    assert!(!told.stdout.contains("internal error"), "{}", told.stdout);
    assert_eq!(count().await, before);
}

#[test]
fn without_tests_nothing_is_wrong() {
    let project = CommandProject::new();
    let ended = project.expect(0, &["rls", "test"]);
    assert!(ended.stderr.contains("warning: there are no tests"), "{}", ended.stderr);
}

#[test]
fn an_attack_ends_with_what_it_found() {
    let project = CommandProject::new();
    project
        .write("migrations/20260101000000_notes.sql", "create table public.notes (id int primary key, user_id uuid);");
    let policies = "alter table public.notes enable row level security;\ngrant select, delete on public.notes to authenticated;\n\
                    drop policy if exists p on public.notes;\ncreate policy p on public.notes using (user_id = (select auth.uid()));\n";
    project.write("rls/notes.sql", policies);
    project.expect(0, &["rls", "attack"]);
    project.write("rls/notes.sql", &policies.replace("user_id = ", "user_id is not null or user_id = "));
    let found = project.expect(3, &["rls", "attack"]);
    assert!(found.stdout.starts_with("public.notes: another user reads a row of somebody else\n"), "{}", found.stdout);
    let writes = project.expect(3, &["rls", "attack", "--readable", "public.notes"]);
    assert!(
        writes.stdout.starts_with("public.notes: another user deletes a row of somebody else\n"),
        "{}",
        writes.stdout
    );
    project.expect(1, &["rls", "attack", "--readable", "notes"]);
    project.write(
        "migrations/20260102000000_check.sql",
        "alter table public.notes add code text not null check (md5(code) = 'x');",
    );
    let blind = project.expect(1, &["rls", "attack"]);
    let says = "the attack could not have found anything on public.notes: rows could not be invented: ";
    assert!(blind.stdout.contains(says), "{}", blind.stdout);
    project.expect(2, &["rls", "attack", "--env", "dev"]);
}
