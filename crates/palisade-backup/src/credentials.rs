//! How a client program of Postgres learns where to connect, without a secret in its arguments.

use std::collections::BTreeMap;
use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};

use camino::{Utf8Path, Utf8PathBuf};
use palisade_config::{Host, SslMode};
use palisade_db::ConnectSettings;
use secrecy::{ExposeSecret, SecretString};
use tempfile::TempDir;

/// The beginning of the names of our directories in the system's directory for temporary files.
const PREFIX: &str = "palisade-credentials-";
/// The password file inside.
const FILE: &str = "pgpass";

/// Where systems keep the authorities that they trust. A program from an archive looks elsewhere, and libpq before 16
/// looks nowhere by itself.
const AUTHORITIES: [&str; 5] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
    "/opt/homebrew/etc/ca-certificates/cert.pem",
];

/// A server that is silent is asked whether it is there after 15 seconds, and is not after 15 more; or when it has not taken what it was
/// sent for a minute.
const ALIVE: &str = "keepalives_idle=15 keepalives_interval=5 keepalives_count=3 tcp_user_timeout=60000";

/// The variables that a client program needs to connect, and the password file they point to; the file is gone when
/// this is dropped.
///
/// The password stands in a [password file][pgpass] that only we can read, in a directory that only we can enter. Such
/// a file cannot hold a line break: a password with one goes into `PGPASSWORD`, in the environment of that one child,
/// which the operating system shows to the same user and to root only, as it does the file.
///
/// [pgpass]: https://www.postgresql.org/docs/current/libpq-pgpass.html
pub(crate) struct Credentials {
    variables: BTreeMap<&'static str, String>,
    password: Option<SecretString>,
    file: Option<PasswordFile>,
}

impl Credentials {
    /// Writes the password file, and removes those that dead runs left.
    pub(crate) fn new(settings: &ConnectSettings) -> io::Result<Self> {
        let mut variables = variables(settings);
        let mut this = Self { variables: BTreeMap::new(), password: None, file: None };
        match settings.url.password.as_ref().map(ExposeSecret::expose_secret).filter(|it| !it.is_empty()) {
            Some(password) if password.contains(['\n', '\r']) => this.password = Some(password.into()),
            Some(password) => {
                let temporary = Utf8PathBuf::try_from(std::env::temp_dir()).map_err(io::Error::other)?;
                let file = password_file(&temporary, password)?;
                let directory = file.directory.path();
                remove_left_overs(&temporary, fs::metadata(directory)?.uid());
                variables.insert("PGPASSFILE", format!("{}/{FILE}", directory.display()));
                this.file = Some(file);
            }
            None => {}
        }
        this.variables = variables;
        Ok(this)
    }

    /// All variables for the child. The only one with a secret in it is `PGPASSWORD`.
    pub(crate) fn variables(&self) -> impl Iterator<Item = (&str, &str)> {
        let password = self.password.iter().map(|it| ("PGPASSWORD", it.expose_secret()));
        self.variables.iter().map(|(name, value)| (*name, value.as_str())).chain(password)
    }
}

/// The directory and the lock on the file in it, as long as they are needed.
struct PasswordFile {
    directory: TempDir,
    _lock: File,
}

/// The database as a [connection string][docs]. As a plain argument, a name like `a=b` would be read as settings. With it goes how soon a
/// server is given up that is not there any more, which has no variable: the system's own answer is hours.
///
/// [docs]: https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-KEYWORD-VALUE
pub(crate) fn database_argument(settings: &ConnectSettings) -> String {
    let name = settings.url.database.replace('\\', "\\\\").replace('\'', "\\'");
    format!("--dbname=dbname='{name}' {ALIVE}")
}

fn variables(settings: &ConnectSettings) -> BTreeMap<&'static str, String> {
    let url = &settings.url;
    let mode = SslMode::effective(settings.ssl_mode, url);
    let mut variables = BTreeMap::from([
        (
            "PGHOST",
            match &url.host {
                Host::Tcp(host) => host.clone(),
                Host::Socket(directory) => directory.to_string(),
            },
        ),
        ("PGPORT", url.port.to_string()),
        ("PGUSER", url.user.clone()),
        ("PGAPPNAME", "palisade backup".to_owned()),
        ("PGCONNECT_TIMEOUT", settings.connect_timeout.as_secs().max(2).to_string()),
        ("PGSSLMODE", mode.to_string()),
        // Otherwise a ticket of Kerberos is looked for first.
        ("PGGSSENCMODE", "disable".to_owned()),
        // Messages are read: in English, whatever the user's language is.
        ("LC_ALL", "C".to_owned()),
        // No `.pgpass`, service file or certificate of the user's own home takes part.
        ("HOME", "/nonexistent".to_owned()),
        ("PGPASSFILE", "/nonexistent".to_owned()),
    ]);
    let parameter = |name: &str| url.parameters.get(name).cloned();
    if mode >= SslMode::VerifyCa {
        let configured = settings.root_certificate.as_ref().map(ToString::to_string);
        let system = || AUTHORITIES.into_iter().find(|it| Utf8Path::new(it).exists()).map(str::to_owned);
        let root = configured.or_else(|| parameter("sslrootcert")).or_else(system);
        variables.insert("PGSSLROOTCERT", root.unwrap_or_else(|| "system".to_owned()));
    }
    for (variable, name) in [("PGSSLCERT", "sslcert"), ("PGSSLKEY", "sslkey"), ("PGOPTIONS", "options")] {
        if let Some(value) = parameter(name) {
            variables.insert(variable, value);
        }
    }
    variables
}

/// One line that fits every connection: the file is for a single one.
fn password_line(password: &str) -> String {
    format!("*:*:*:*:{}\n", password.replace('\\', "\\\\").replace(':', "\\:"))
}

/// The file is locked before there is anything in it, and has its name only once it is complete: whoever finds it
/// unlocked under this name knows that its owner is dead.
fn password_file(temporary: &Utf8Path, password: &str) -> io::Result<PasswordFile> {
    let directory =
        tempfile::Builder::new().prefix(PREFIX).permissions(Permissions::from_mode(0o700)).tempdir_in(temporary)?;
    let unnamed = directory.path().join("new");
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&unnamed)?;
    file.lock()?;
    fs::rename(&unnamed, directory.path().join(FILE))?;
    file.write_all(password_line(password).as_bytes())?;
    Ok(PasswordFile { directory, _lock: file })
}

/// Removes the password files of our runs that were killed, those of the user with this id. Other users' directories
/// are not even looked into: anybody may put anything there.
fn remove_left_overs(temporary: &Utf8Path, uid: u32) {
    let entries = temporary.read_dir_utf8().into_iter().flatten().flatten();
    for entry in entries.filter(|it| it.file_name().starts_with(PREFIX)) {
        let is_ours = fs::symlink_metadata(entry.path()).is_ok_and(|it| it.is_dir() && it.uid() == uid);
        if is_ours && File::open(entry.path().join(FILE)).is_ok_and(|it| it.try_lock().is_ok()) {
            // Best effort: it is tried again the next time.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};

    use camino::Utf8Path;
    use palisade_config::SslMode;
    use palisade_db::ConnectSettings;
    use proptest::prelude::*;

    use super::{
        ALIVE, Credentials, FILE, PasswordFile, database_argument, password_file, password_line, remove_left_overs,
        variables,
    };

    fn settings(url: &str) -> ConnectSettings {
        ConnectSettings::new(url.parse().unwrap())
    }

    /// What libpq reads from the last field of a line: a backslash takes the next character with it.
    fn read_back(line: &str) -> String {
        let mut characters = line.strip_prefix("*:*:*:*:").unwrap().strip_suffix('\n').unwrap().chars();
        let mut password = String::new();
        while let Some(it) = characters.next() {
            match it {
                ':' => panic!("the field ends here"),
                '\\' => password.extend(characters.next()),
                it => password.push(it),
            }
        }
        password
    }

    proptest! {
        #[test]
        fn passwords_survive_the_password_file(password in r"[^\n\r\x00]{1,40}") {
            prop_assert_eq!(read_back(&password_line(&password)), password);
        }
    }

    #[test]
    fn nobody_else_can_read_the_file_and_dead_ones_are_removed() {
        let place = tempfile::tempdir().unwrap();
        let temporary = Utf8Path::from_path(place.path()).unwrap();
        let PasswordFile { directory, _lock: lock } = password_file(temporary, "secret").unwrap();
        let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(directory.path()), mode(&directory.path().join(FILE))), (0o700, 0o600));
        let uid = std::fs::metadata(place.path()).unwrap().uid();
        remove_left_overs(temporary, uid);
        assert!(directory.path().exists());
        let path = directory.keep();
        drop(lock);
        remove_left_overs(temporary, uid + 1);
        assert!(path.exists());
        remove_left_overs(temporary, uid);
        assert!(!path.exists());
    }

    #[test]
    fn a_password_with_a_line_break_takes_the_other_way() {
        let credentials = Credentials::new(&settings("postgres://u:a%0Ab@localhost/d")).unwrap();
        let variables: Vec<_> = credentials.variables().collect();
        assert!(variables.contains(&("PGPASSWORD", "a\nb")));
        assert!(variables.contains(&("PGPASSFILE", "/nonexistent")));
        let credentials = Credentials::new(&settings("postgres://u:a%3Ab@localhost/d")).unwrap();
        assert!(!credentials.variables().any(|(_, value)| value.contains("a:b")));
    }

    #[test]
    fn remote_servers_are_verified() {
        let of = |url: &str| variables(&settings(url));
        assert_eq!(of("postgres://u@db.example.com/d")["PGSSLMODE"], "verify-full");
        assert!(of("postgres://u@db.example.com/d").contains_key("PGSSLROOTCERT"));
        assert_eq!(of("postgres://u@localhost/d")["PGSSLMODE"], "prefer");
        let mut configured = settings("postgres://u@localhost/d?host=/run/pg");
        configured.ssl_mode = Some(SslMode::VerifyCa);
        configured.root_certificate = Some("/ca.pem".into());
        assert_eq!(variables(&configured)["PGSSLROOTCERT"], "/ca.pem");
        assert_eq!(variables(&configured)["PGHOST"], "/run/pg");
    }

    #[test]
    fn a_database_name_is_never_read_as_settings() {
        assert_eq!(
            database_argument(&settings(r"postgres://u@localhost/a=b%20'%5C")),
            format!(r"--dbname=dbname='a=b \'\\' {ALIVE}")
        );
    }
}
