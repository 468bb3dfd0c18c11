-- Databases with something that belongs to a role or grants it a right.
select distinct d.datname::text
from pg_catalog.pg_shdepend s
join pg_catalog.pg_roles r on r.oid = s.refobjid
join pg_catalog.pg_database d on d.oid = s.dbid
where s.refclassid = 'pg_catalog.pg_authid'::regclass and r.rolname = $role
