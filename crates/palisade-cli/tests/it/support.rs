//! How tests call the program.

use serde_json::Value;
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};

use palisade_cli::{CliRunner, Exit, Sink, Streams};
use palisade_config::Variables;
use palisade_embedded::EmbeddedSettings;

/// How a program ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ended {
    /// The one JSON object on standard output.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.out.lines().count(), 1, "not one line: {self:#?}");
        serde_json::from_str(&self.out).unwrap()
    }

    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{self:#?}");
        self
    }
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// The `palisade` program, in a directory and with an environment that hold nothing.
pub(crate) fn palisade(directory: &Path) -> Command {
    program(PathBuf::from(env!("CARGO_BIN_EXE_palisade")), directory)
}

/// `examples/misbehave.rs`.
pub(crate) fn misbehave(directory: &Path) -> Command {
    let built = PathBuf::from(env!("CARGO_BIN_EXE_palisade"));
    program(built.with_file_name("examples").join("misbehave"), directory)
}

#[expect(clippy::disallowed_methods, reason = "these tests are about whole programs")]
fn program(path: PathBuf, directory: &Path) -> Command {
    let mut command = Command::new(path);
    command.env_clear().env("HOME", directory).current_dir(directory);
    // What is made once and shared by all tests, of other crates too: programs and scratch servers, never the database of a
    // test. In a cache of its own, nobody would ever stop the server.
    let cache = EmbeddedSettings::new("/".into(), &Variables::process()).cache_dir;
    command.env("PALISADE_CACHE_DIR", cache);
    command
}

pub(crate) fn run(command: &mut Command, line: &str) -> Ended {
    command.args(line.split_whitespace()).output().unwrap().into()
}

/// Runs a command line in this process with somebody at the keyboard who types `answers`.
pub(crate) fn answered(runner: CliRunner, line: &str, answers: &str) -> Ended {
    let (out, err) = (Shared::default(), Shared::default());
    let streams = Streams {
        out: Sink::plain(out.clone()),
        err: Sink::plain(err.clone()),
        input: Box::new(Cursor::new(answers.to_owned())),
        somebody_answers: true,
    };
    let words = ["palisade"].into_iter().chain(line.split_whitespace());
    let exit: Exit = runner.run_from(words.map(Into::into), streams);
    Ended { code: exit.code().into(), out: out.text(), err: err.text() }
}

/// A buffer that outlives the streams that write to it.
#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl Shared {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A project with the environments `dev`, `prod` and `staging`, and nothing in it. Its server ends with it.
pub(crate) struct Project(tempfile::TempDir);

pub(crate) fn project() -> Project {
    let project = Project(tempfile::tempdir().unwrap());
    for name in ["default", "dev", "prod", "staging"] {
        project.write(&format!("config/{name}.toml"), "");
    }
    project
}

impl Project {
    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn write(&self, file: &str, content: &str) {
        let path = self.path().join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    /// Runs `palisade` with these words.
    pub(crate) fn run(&self, line: &str) -> Ended {
        run(&mut palisade(self.path()), line)
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        if self.path().join(".palisade").exists() {
            self.run("db-stop --env dev");
        }
    }
}
