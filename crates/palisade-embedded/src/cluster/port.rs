//! Which TCP port a server takes.

use std::net::TcpListener;

use camino::Utf8Path;

use crate::files;

/// Ports that we choose from. They lie below those that systems give to outgoing connections, so that nobody gets
/// ours while the server is down.
const FIRST: u16 = 20_000;
const COUNT: u16 = 10_000;

/// Ports to try, the remembered one first, then from one that depends on `home`: servers that start at the same time
/// do not run after the same ports.
pub(super) fn candidates(home: &Utf8Path, remembered: Option<u16>) -> impl Iterator<Item = u16> {
    let hash = u32::from_str_radix(&files::short_hash(home.as_str())[..6], 16).unwrap_or_default();
    let start = u16::try_from(hash % u32::from(COUNT)).unwrap_or_default();
    let others = (0..COUNT).map(move |step| FIRST + (start + step) % COUNT);
    remembered.into_iter().chain(others.filter(move |it| Some(*it) != remembered)).filter(|it| is_free(*it))
}

/// First and last port that may be chosen.
pub(super) fn range() -> (u16, u16) {
    (FIRST, FIRST + COUNT - 1)
}

fn is_free(port: u16) -> bool {
    TcpListener::bind(("127.0.0.1", port)).is_ok()
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::candidates;

    #[test]
    fn the_remembered_port_comes_first_unless_it_is_taken() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let taken = listener.local_addr().unwrap().port();
        assert_ne!(candidates("/a".into(), Some(taken)).next(), Some(taken));
        drop(listener);
        assert_eq!(candidates("/a".into(), Some(taken)).next(), Some(taken));
    }

    #[test]
    fn homes_begin_at_different_ports() {
        assert_ne!(candidates("/a".into(), None).next(), candidates("/b".into(), None).next());
    }
}
