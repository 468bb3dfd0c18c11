//! The user who runs our servers.

use camino::{Utf8Path, Utf8PathBuf};
use uzers::User;
use uzers::os::unix::UserExt as _;

use crate::error::ServerError;

/// The user who runs our servers: ourselves, unless we are root, as which Postgres
/// [refuses to run](https://www.postgresql.org/docs/current/postgres-user.html).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Login name.
    pub name: String,
    /// User id.
    pub uid: u32,
    /// Primary group.
    pub gid: u32,
    /// Home directory.
    pub home: Utf8PathBuf,
    /// Whether this is somebody else, to whom child processes switch and whom files are given to.
    pub switch: bool,
}

impl Account {
    /// Ourselves; if we are root, the user behind `sudo`, else `postgres`, else `nobody`.
    ///
    /// # Errors
    ///
    /// [`ServerError::NoOrdinaryUser`] if we are root and none of these exists.
    pub fn for_servers(sudo_uid: Option<u32>) -> Result<Self, ServerError> {
        let uid = uzers::get_effective_uid();
        if uid != 0 {
            return Ok(Self::ourselves(uid));
        }
        sudo_uid
            .filter(|uid| *uid != 0)
            .and_then(uzers::get_user_by_uid)
            .or_else(|| uzers::get_user_by_name("postgres"))
            .or_else(|| uzers::get_user_by_name("nobody"))
            .filter(|user| user.uid() != 0)
            .map(|user| Self::of(&user))
            .ok_or(ServerError::NoOrdinaryUser)
    }

    /// The owner of what is in `home` already, if we may act for him; else `self`.
    ///
    /// Root acts for everybody: a server that `sudo` created once must not be taken over by `postgres` later.
    ///
    /// # Errors
    ///
    /// [`ServerError::NotOurs`] if it belongs to another user.
    pub(crate) fn owning(self, home: &Utf8Path) -> Result<Self, ServerError> {
        use std::os::unix::fs::MetadataExt as _;
        let Ok(metadata) = std::fs::metadata(home) else { return Ok(self) };
        if metadata.uid() == self.uid {
            return Ok(self);
        }
        let owner = uzers::get_user_by_uid(metadata.uid());
        match owner {
            Some(owner) if self.switch && owner.uid() != 0 => Ok(Self::of(&owner)),
            // A run that was killed at once leaves it so. Anything else of root's stays root's.
            Some(owner) if self.switch && owner.uid() == 0 && is_empty(home) => Ok(self),
            owner => {
                let owner = owner
                    .map_or_else(|| metadata.uid().to_string(), |owner| owner.name().to_string_lossy().into_owned());
                Err(ServerError::NotOurs { home: home.to_owned(), owner })
            }
        }
    }

    fn ourselves(uid: u32) -> Self {
        match uzers::get_user_by_uid(uid) {
            Some(user) => Self { gid: uzers::get_effective_gid(), switch: false, ..Self::of(&user) },
            // Containers run programs under ids that have no entry in the user database.
            None => {
                Self { name: uid.to_string(), uid, gid: uzers::get_effective_gid(), home: "/".into(), switch: false }
            }
        }
    }

    fn of(user: &User) -> Self {
        Self {
            name: user.name().to_string_lossy().into_owned(),
            uid: user.uid(),
            gid: user.primary_group_id(),
            home: Utf8PathBuf::from_path_buf(user.home_dir().to_owned()).unwrap_or_else(|_| "/".into()),
            switch: true,
        }
    }
}

fn is_empty(directory: &Utf8Path) -> bool {
    std::fs::read_dir(directory).is_ok_and(|mut entries| entries.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::Account;

    #[test]
    fn servers_never_run_as_root() {
        let account = Account::for_servers(Some(0)).unwrap();
        assert_ne!(account.uid, 0);
        assert_eq!(account.switch, uzers::get_effective_uid() == 0);
    }

    #[test]
    fn what_belongs_to_somebody_else_stays_his() {
        let account = Account { uid: 12345, ..Account::for_servers(None).unwrap() };
        assert!(account.clone().owning("/etc".into()).is_err());
        assert!(Account { switch: true, ..account }.owning("/etc".into()).is_err());
    }

    #[test]
    fn a_directory_that_is_not_there_belongs_to_whoever_makes_it() {
        let account = Account::for_servers(None).unwrap();
        assert_eq!(account.clone().owning("/nonexistent/palisade".into()).unwrap(), account);
    }
}
