-- Everything that Palisade keeps in a database. The first table is exactly what sqlx would create.
create schema if not exists $schema;
create table if not exists $migrations (
    version bigint primary key,
    description text not null,
    installed_on timestamptz not null default now(),
    success boolean not null,
    checksum bytea not null,
    execution_time bigint not null
);
create schema if not exists $attempts_schema;
create table if not exists $attempts (
    id bigint generated always as identity primary key,
    run text not null,
    kind text not null check (kind in ('apply', 'revert', 'row-security', 'repair', 'restore')),
    version bigint not null,
    description text not null,
    checksum bytea,
    state text not null check (state in ('running', 'done', 'failed')),
    transactional boolean not null,
    xid text,
    units_done integer not null default 0,
    units_digest text not null default '',
    under_way boolean not null default false,
    found_before bigint,
    statement integer,
    sqlstate text,
    message text,
    started_at timestamptz not null default clock_timestamp(),
    finished_at timestamptz,
    database_user text not null default session_user,
    who text not null,
    git_commit text,
    environment text not null,
    plan_digest text not null,
    approval text not null
);
create index if not exists attempts_version_idx on $attempts (version, id desc);
comment on table $migrations is 'Applied migrations, in the form of sqlx; written by Palisade';
comment on table $attempts is 'Every try of Palisade to change this database: who, when, which approved plan, how it ended';
