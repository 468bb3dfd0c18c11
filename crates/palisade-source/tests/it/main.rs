//! Files on real servers.

mod load;
mod support;
