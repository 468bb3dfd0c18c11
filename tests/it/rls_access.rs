//! `rls matrix`, `rls lint`, `rls diff`, `rls lock`: what they say of the example, and that they notice.

use palisade_tests::{CommandProject, connection, query, supabase_database};
use serde_json::Value;

#[tokio::test]
async fn the_example_is_clean_and_its_lock_file_current() {
    let project = CommandProject::example();
    project.expect(0, &["rls", "lock", "--check"]);
    let lint = project.expect(0, &["rls", "lint", "--from", "migrations"]);
    assert!(lint.stdout.contains("`migrations`: 0 errors, 0 warnings"), "{}", lint.stdout);
    let same = project.expect(0, &["rls", "diff", "--from", "migrations", "--to", "schema", "--exit-code"]);
    assert_eq!(same.stdout, "Nobody can do more or less\n");
    let page = project.root().join("access.html");
    project.expect(0, &["rls", "matrix", "--from", "migrations", "--html", page.as_str()]);
    let page = std::fs::read_to_string(page).unwrap();
    assert!(page.contains("<h2>public.posts</h2>") && !page.contains("<script"), "{page}");
}

#[tokio::test]
async fn what_a_file_opens_is_told_before_anybody_applies_it() {
    let project = CommandProject::example();
    let posts = std::fs::read_to_string(project.root().join("rls/public/posts.sql")).unwrap();
    project.write("rls/public/posts.sql", &posts.replace("using (published);", "using (true);"));
    let lock = project.expect(3, &["rls", "lock", "--check"]).stdout;
    assert!(lock.contains("-  anon SELECT some where published\n"), "{lock}");
    assert!(lock.contains("+  anon SELECT all: policies\n"), "{lock}");

    let database = supabase_database().await;
    let other = CommandProject::example().database("DATABASE_URL", &database);
    other.expect(0, &["db-push"]);
    other.write("rls/public/posts.sql", &posts.replace("using (published);", "using (true);"));
    let diff = other.expect(3, &["rls", "diff", "--from", "env:dev", "--to", "migrations", "--exit-code"]);
    assert_eq!(diff.stdout, "! anon SELECT public.posts: rows where true, before where published (WIDENED)\n");
    let plan = other.expect(0, &["db-rls", "--plan"]);
    assert_eq!(plan.stdout, "ALTER POLICY \"Everybody reads published posts\" ON public.posts USING (true);\n");
    assert!(plan.stderr.contains("! anon SELECT public.posts: "), "{}", plan.stderr);

    query(&mut connection(&database).await, "alter table public.posts disable row level security").await;
    let lint: Value = serde_json::from_str(&other.expect(3, &["rls", "lint", "--output", "json"]).stdout).unwrap();
    let findings = lint["data"]["findings"].as_array().unwrap();
    let of_posts = findings.iter().filter(|it| it["object"] == "public.posts").filter_map(|it| it["id"].as_str());
    let ids: Vec<&str> = of_posts.collect();
    assert!(ids.contains(&"rls_disabled_exposed") && ids.contains(&"policy_exists_rls_disabled"), "{ids:?}");
    let annotations = other.expect(3, &["rls", "lint", "--github"]).stdout;
    assert!(annotations.starts_with("::error title=policy_exists_rls_disabled public.posts::"), "{annotations}");
}

#[tokio::test]
async fn findings_are_levelled_and_allowed_in_the_configuration() {
    let database = supabase_database().await;
    let project = CommandProject::new().database("DATABASE_URL", &database);
    query(&mut connection(&database).await, "create table public.t (id int); grant select on public.t to anon").await;
    let lint = |code: i32| project.expect(code, &["rls", "lint", "--level", "error"]);
    assert!(lint(3).stdout.contains("error[rls_disabled_exposed] public.t"));
    project.write(
        "config/default.toml",
        "[lint]\nlevels = { rls_disabled_exposed = \"info\", truncate_granted = \"off\" }\n",
    );
    assert!(lint(0).stdout.contains("info[rls_disabled_exposed] public.t"));
    let allow =
        |object: &str| format!("{{ id = \"rls_disabled_exposed\", object = \"{object}\", reason = \"facts\" }}");
    let text = format!(
        "[lint]\nlevels = {{ truncate_granted = \"off\" }}\nallow = [{}, {}]\n",
        allow("public.t"),
        allow("public.u")
    );
    project.write("config/default.toml", &text);
    let allowed = lint(0);
    assert!(allowed.stdout.contains("1 allowed in the configuration"), "{}", allowed.stdout);
    assert!(
        allowed.stderr.contains("rls_disabled_exposed on public.u, and there is no such finding"),
        "{}",
        allowed.stderr
    );
    project.write("config/default.toml", "[lint]\nlevels = { no_such_rule = \"off\" }\n");
    assert!(lint(1).stderr.contains("`no_such_rule`, which is no rule"));
}
