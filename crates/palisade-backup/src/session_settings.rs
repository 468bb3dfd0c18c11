//! How a session writes values, so that the same value is the same text whoever reads it.

/// What databases and roles can have set otherwise. `pg_dump` sets what it can itself; [`PROGRAM`] is the rest.
pub(crate) const SESSION: &str = "set client_encoding = 'UTF8'; set timezone = 'UTC'; set datestyle = iso;
    set intervalstyle = postgres; set extra_float_digits = 3; set bytea_output = hex; set quote_all_identifiers = off;
    set standard_conforming_strings = on;";

/// [A variable](https://www.postgresql.org/docs/current/libpq-envars.html) of client programs.
pub(crate) const PROGRAM: (&str, &str) = ("PGTZ", "UTC");

/// Another one, only for those databases where it is not so anyway: poolers do not let it through.
pub(crate) const BYTES_AS_HEX: (&str, &str) = ("PGOPTIONS", "-c bytea_output=hex");
