//! A protected environment.

use palisade_guard::{ApproveError, ExecuteError};
use palisade_migrator::ApplyCause;
use palisade_plan::{Answer, Gate, Refusal};

use crate::fixture::{Fixture, Stopped, digest};

/// `dev` has everything, `prod` nothing yet.
async fn ready() -> Fixture {
    let it = Fixture::new().await;
    it.push("dev", |_| Answer::None).await.unwrap();
    it
}

fn gate_of(stopped: &Stopped) -> Option<Gate> {
    match stopped {
        Stopped::Approve(_, ApproveError::Refused(Refusal::GateClosed { gate, .. })) => Some(*gate),
        _ => None,
    }
}

const TABLES: &str =
    "select relname::text from pg_class where relnamespace in ('public'::regnamespace) and relkind = 'r'";

#[tokio::test]
async fn without_approval_nothing_is_changed_and_the_digest_is_told() {
    let it = ready().await;
    let stopped = it.push("prod", |_| Answer::None).await.unwrap_err();
    let Stopped::Approve(plan, ApproveError::Refused(Refusal::NotApproved { digest, .. })) = &stopped else {
        panic!("{stopped}")
    };
    assert_eq!(*digest, plan.digest());
    assert_eq!(it.query("prod", TABLES).await, [""; 0]);
    assert_eq!(it.query("prod", "select nspname::text from pg_namespace where nspname = 'palisade'").await, [""; 0]);
    assert_eq!(it.backups().await, 0);
}

#[tokio::test]
async fn with_the_digest_it_backs_up_migrates_secures_and_records() {
    let it = ready().await;
    let mut approved = String::new();
    it.push("prod", |plan| {
        approved = plan.digest().as_str().to_owned();
        digest(plan)
    })
    .await
    .unwrap();
    assert_eq!(it.backups().await, 1);
    assert_eq!(it.query("prod", TABLES).await, ["notes"]);
    let record = "select kind || ' ' || state || ' ' || who || ' ' || git_commit || ' ' || environment || ' ' || approval || ' ' || plan_digest from palisade.attempts order by id";
    let line = |kind: &str| format!("{kind} done tester@here c0ffee prod digest {approved}");
    assert_eq!(it.query("prod", record).await, [line("apply"), line("row-security")]);
    assert_eq!(it.propose("prod").await.unwrap().steps, []);
}

#[tokio::test]
async fn a_typed_name_is_as_good_and_a_wrong_one_is_not() {
    let it = ready().await;
    let stopped = it.push("prod", |_| Answer::TypedName("Prod".to_owned())).await.unwrap_err();
    assert!(matches!(stopped, Stopped::Approve(_, ApproveError::Refused(Refusal::WrongName { .. }))), "{stopped}");
    it.push("prod", |_| Answer::TypedName("prod".to_owned())).await.unwrap();
}

#[tokio::test]
async fn what_did_not_run_in_dev_does_not_run_in_prod() {
    let it = ready().await;
    it.write("migrations/2_more.sql", "create table more ();");
    let stopped = it.push("prod", digest).await.unwrap_err();
    assert_eq!(gate_of(&stopped), Some(Gate::AppliedInDev), "{stopped}");
    assert_eq!(it.backups().await, 0, "no backup is taken in vain");
}

#[tokio::test]
async fn a_change_by_hand_closes_the_gate() {
    let it = ready().await;
    it.push("prod", digest).await.unwrap();
    it.write("migrations/2_more.sql", "create table more ();");
    it.push("dev", |_| Answer::None).await.unwrap();
    it.query("prod", "alter table notes add hack int").await;
    let stopped = it.push("prod", digest).await.unwrap_err();
    assert_eq!(gate_of(&stopped), Some(Gate::Drift), "{stopped}");
    assert!(stopped.to_string().contains("+ column public.notes.hack"), "{stopped}");
    it.query("prod", "alter table notes drop hack").await;
    it.push("prod", digest).await.unwrap();
}

#[tokio::test]
async fn a_change_between_approval_and_execution_is_found_in_the_transaction() {
    let it = ready().await;
    let change = async || drop(it.query("prod", "create table public.meanwhile ()").await);
    let stopped = it.push_with("prod", digest, change).await.unwrap_err();
    let Stopped::Execute(ExecuteError::Migrations(error)) = &stopped else { panic!("{stopped}") };
    assert!(matches!(error.cause, ApplyCause::CatalogChanged { .. }), "{stopped}");
    assert_eq!(it.query("prod", TABLES).await, ["meanwhile"]);
}

#[tokio::test]
async fn a_plan_of_row_security_alone_checks_the_catalog_too() {
    let it = ready().await;
    it.push("prod", digest).await.unwrap();
    it.write(
        "rls/public/notes.sql",
        "alter table notes enable row level security; drop policy if exists own on notes;",
    );
    let change = async || drop(it.query("prod", "alter table notes add hack int").await);
    let stopped = it.push_with("prod", digest, change).await.unwrap_err();
    let Stopped::Execute(ExecuteError::RowSecurity { source, .. }) = &stopped else { panic!("{stopped}") };
    assert!(matches!(**source, palisade_rls::ApplyError::CatalogChanged), "{stopped}");
    assert_eq!(
        it.query("prod", "select polname::text from pg_policy where polrelid = 'notes'::regclass").await,
        ["own"]
    );
    it.query("prod", "alter table notes drop hack").await;
    it.push("prod", digest).await.unwrap();
    assert_eq!(
        it.query("prod", "select polname::text from pg_policy where polrelid = 'notes'::regclass").await,
        [""; 0]
    );
}

#[tokio::test]
async fn the_digest_of_yesterday_does_not_approve_the_plan_of_today() {
    let it = ready().await;
    let yesterday = it.propose("prod").await.unwrap();
    it.write("migrations/2_more.sql", "create table more ();");
    it.push("dev", |_| Answer::None).await.unwrap();
    let stopped = it.push("prod", |_| digest(&yesterday)).await.unwrap_err();
    assert!(matches!(stopped, Stopped::Approve(_, ApproveError::Refused(Refusal::WrongDigest { .. }))), "{stopped}");
}

#[tokio::test]
async fn no_backup_no_change() {
    let it = ready().await;
    // A file stands where the directory of backups should be.
    it.write("backups", "");
    let stopped = it.push("prod", digest).await.unwrap_err();
    assert!(matches!(stopped, Stopped::Approve(_, ApproveError::Backup { .. })), "{stopped}");
    assert_eq!(it.query("prod", TABLES).await, [""; 0]);
}

#[tokio::test]
async fn a_file_that_stopped_half_way_can_be_finished() {
    let it = ready().await;
    it.push("prod", digest).await.unwrap();
    it.write("migrations/2_index.sql", "-- no-transaction\ncreate table more (a int);\ninsert into more select 1 from notes;\ncreate unique index concurrently more_a on more (a);\n");
    it.push("dev", |_| Answer::None).await.unwrap();
    it.query("prod", "insert into notes values (1), (2)").await;
    let stopped = it.push("prod", digest).await.unwrap_err();
    let Stopped::Execute(ExecuteError::Migrations(error)) = &stopped else { panic!("{stopped}") };
    assert!(matches!(error.cause, ApplyCause::StoppedHalfway { done: 2, .. }), "{stopped}");
    it.query("prod", "delete from more where ctid = (select min(ctid) from more)").await;
    it.push("prod", digest).await.unwrap();
    assert_eq!(
        it.query("prod", "select indisvalid::text from pg_index where indexrelid = 'more_a'::regclass").await,
        ["true"]
    );
}

#[tokio::test]
async fn who_can_do_more_has_to_be_in_the_lock_file_or_allowed() {
    let mut it = ready().await;
    it.locked = false;
    let stopped = it.push("prod", digest).await.unwrap_err();
    assert_eq!(gate_of(&stopped), Some(Gate::Access), "{stopped}");
    let text = stopped.to_string();
    assert!(
        text.contains("+ authenticated may SELECT public.notes where (owner = ( SELECT auth.uid() AS uid))"),
        "{text}"
    );
    assert_eq!(it.query("prod", TABLES).await, [""; 0]);

    let all =
        ["anon", "authenticated"].map(|role| ["truncate", "references"].map(|it| format!("{role}:public.notes:{it}")));
    it.allowed = all.iter().flatten().map(|it| it.parse().unwrap()).collect();
    let stopped = it.push("prod", digest).await.unwrap_err();
    assert_eq!(gate_of(&stopped), Some(Gate::Access), "one is missing: {stopped}");
    it.allowed.push("authenticated:public.notes:select".parse().unwrap());
    it.push("prod", digest).await.unwrap();

    // Less for everybody needs nobody's consent.
    it.allowed.clear();
    it.write(
        "rls/public/notes.sql",
        "alter table notes enable row level security;\nrevoke all on notes from anon;\ndrop policy if exists own on notes;\n\
         create policy own on notes for select to authenticated using (owner = (select auth.uid()) and id > 0);\n",
    );
    it.push("dev", |_| Answer::None).await.unwrap();
    it.push("prod", digest).await.unwrap();
}
