-- Who owns the database is a member of pg_database_owner, which stands in no table.
select m.roleid::int8 as "group", m.member::int8, {{16:m.inherit_option|r.rolinherit}} as inherits
from pg_catalog.pg_auth_members m
join pg_catalog.pg_roles r on r.oid = m.member
union all
select o.oid::int8, d.datdba::int8, r.rolinherit
from pg_catalog.pg_roles o
join pg_catalog.pg_database d on d.datname = pg_catalog.current_database()
join pg_catalog.pg_roles r on r.oid = d.datdba
where o.rolname = 'pg_database_owner'
