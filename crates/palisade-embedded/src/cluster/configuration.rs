//! The settings of our servers.

use std::fmt::Write as _;

use camino::Utf8Path;

use super::{Cluster, Purpose};

/// The file in the cluster's directory that `postgresql.conf` includes last and that every start writes anew.
pub(super) const FILE: &str = "palisade.conf";

/// What all our servers have in common. Logical WAL as on Supabase, or `create publication` warns. Shared memory of
/// parallel queries in files: containers often have little in `/dev/shm`, and systemd
/// [empties it](https://www.postgresql.org/docs/current/kernel-resources.html#SYSTEMD-REMOVEIPC) when a user logs out.
const COMMON: &str = "\
listen_addresses = '127.0.0.1'
wal_level = logical
timezone = 'UTC'
log_timezone = 'UTC'
lc_messages = 'C'
log_line_prefix = '%m [%p] %q%u@%d '
password_encryption = 'scram-sha-256'
dynamic_shared_memory_type = mmap
";

/// What only throwaway databases can bear: a crash of the machine loses them all, and `Scratch::open` starts over.
/// Many connections because parallel tests share the server; many locks because schemas are dropped whole.
/// No autovacuum: it would be busy with copies that live for seconds.
const FORGETFUL: &str = "\
fsync = off
synchronous_commit = off
full_page_writes = off
autovacuum = off
max_connections = 200
superuser_reserved_connections = 5
max_locks_per_transaction = 256
shared_buffers = '128MB'
max_wal_size = '512MB'
min_wal_size = '80MB'
checkpoint_timeout = '30min'
";

/// Who may connect to a scratch server. Order matters: the first line that fits decides.
pub(super) const FORGETFUL_ACCESS: &str = "\
# Only the owner can enter the directory of the socket.
local all all trust
local replication all trust
host all all 127.0.0.1/32 scram-sha-256
";

impl Cluster {
    /// The content of [`FILE`].
    pub(super) fn configuration(&self, port: u16, socket_dir: &Utf8Path) -> String {
        let mut text = format!(
            "# Written by Palisade at every start; `postgresql.conf` and `alter system` are yours.\n\
             port = {port}\nunix_socket_directories = '{}'\ncluster_name = '{}'\n{COMMON}",
            socket_dir.as_str().replace('\'', "''"),
            self.name()
        );
        if self.purpose == Purpose::Scratch {
            let _ = write!(text, "{FORGETFUL}");
        }
        text
    }
}
