//! Programs from archives.

use std::fs;

use palisade_embedded::{EmbeddedError, InstallationError, Origin, dev, installation};
use palisade_tests::archive;

use crate::project::{Project, ask_at};

#[tokio::test]
async fn it_is_unpacked_once_whoever_comes_first() {
    let project = Project::with_cache().await.with_archive(&archive(18));
    let (one, two) = tokio::join!(installation(&project), installation(&project));
    let (one, two) = (one.unwrap(), two.unwrap());
    assert_eq!(one, two);
    assert_eq!((one.version.major, one.origin), (18, Origin::Archive));
    let unpacked = fs::read_dir(project.cache_dir.join("archives")).unwrap().count();
    assert_eq!(unpacked, 1, "nothing half unpacked stays");
    let before = fs::metadata(one.program("initdb")).unwrap().modified().unwrap();
    let again = installation(&project).await.unwrap();
    assert_eq!(fs::metadata(again.program("initdb")).unwrap().modified().unwrap(), before);
}

#[tokio::test]
async fn its_server_runs() {
    for major in [17, 18] {
        let project = Project::new().with_archive(&archive(major));
        let started = dev::start(&project).await.unwrap();
        assert_eq!(started.installation.unwrap().version.major, major);
        let version = ask_at(&started.url, "show server_version").await;
        assert!(version.starts_with(&format!("{major}.")), "{version}");
        assert_eq!(ask_at(&started.url, "select (auth.jwt() is null)::text").await, "true");
    }
}

#[tokio::test]
async fn a_truncated_one_leaves_nothing_behind() {
    let project = Project::with_cache().await;
    let whole = fs::read(archive(17)).unwrap();
    let path = project.directory().join("postgresql-17.0.0-broken.tar.gz");
    fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    let project = project.with_archive(&path);
    let error = installation(&project).await.unwrap_err();
    assert!(matches!(error, EmbeddedError::Installation(InstallationError::ArchiveBroken { .. })), "{error:?}");
    assert!(error.to_string().contains("postgresql-17.0.0-broken.tar.gz"), "{error}");
    assert_eq!(fs::read_dir(project.cache_dir.join("archives")).unwrap().count(), 0);
}

#[tokio::test]
async fn something_else_is_not_taken_for_one() {
    let project = Project::with_cache().await;
    let path = project.directory().join("letter.tar.gz");
    fs::write(&path, "dear sir or madam").unwrap();
    let project = project.with_archive(&path);
    let error = installation(&project).await.unwrap_err();
    assert!(error.to_string().contains("is not an archive of Postgres programs"), "{error}");

    let project = project.with_archive("/nonexistent/archive.tar.gz".into());
    let error = installation(&project).await.unwrap_err();
    assert!(matches!(error, EmbeddedError::Installation(InstallationError::ArchiveUnreadable { .. })), "{error:?}");
    assert!(error.help().contains("PALISADE_PG_ARCHIVE"), "{}", error.help());
}
