//! Where the development server lives.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use palisade_embedded::{EmbeddedError, EmbeddedSettings, ServerError, dev};

use crate::project::{Project, ask_at};

#[tokio::test]
async fn blanks_and_foreign_letters_in_the_path_are_fine() {
    let project = Project::named("ein schönes Verzeichnis, 'so'");
    let url = dev::start(&project).await.unwrap().url;
    assert_eq!(project.home(), project.state_dir.join("dev"));
    assert_eq!(ask_at(&url, "select 1").await, "1");
    assert!(dev::stop(&project).await.unwrap());
}

#[tokio::test]
async fn a_path_that_a_shell_would_read_is_avoided() {
    let project = Project::named("$(touch evil) `touch evil` \"x\"");
    if fs::metadata("/proc/self").is_ok_and(|it| std::os::unix::fs::MetadataExt::uid(&it) == 0) {
        // Root's own directories are mostly closed, too.
        fs::set_permissions(&project.project_root, fs::Permissions::from_mode(0o700)).unwrap();
    }
    let url = dev::start(&project).await.unwrap().url;
    assert_eq!(project.home().parent().unwrap(), project.data_dir);
    assert_eq!(ask_at(&url, "select 1").await, "1");
    assert_eq!(dev::url(&project).await.unwrap(), Some(url));
    assert!(dev::stop(&project).await.unwrap());
}

#[tokio::test]
async fn a_socket_of_a_deep_project_is_elsewhere() {
    let project = Project::named(&"long".repeat(40));
    let url = dev::start(&project).await.unwrap().url;
    let sockets = ask_at(&url, "show unix_socket_directories").await;
    assert!(sockets.starts_with("/tmp/palisade-"), "{sockets}");
    assert_eq!(fs::metadata(&sockets).unwrap().permissions().mode() & 0o777, 0o700);
    assert!(dev::stop(&project).await.unwrap());
    assert!(!fs::exists(sockets).unwrap());
}

#[tokio::test]
async fn a_directory_that_cannot_be_written_is_named() {
    // Nobody can write there, root included.
    let project = Project::new().with(|it| EmbeddedSettings { state_dir: "/proc/palisade/.palisade".into(), ..it });
    let error = dev::start(&project).await.unwrap_err();
    assert!(error.to_string().contains("/proc/palisade"), "{error}");

    let project = Project::new();
    fs::write(&project.state_dir, "a file").unwrap();
    let error = dev::start(&project).await.unwrap_err();
    assert!(matches!(error, EmbeddedError::Server(ServerError::File { .. })), "{error:?}");
}
