select r.oid::int8, r.rolname as name, r.rolsuper as superuser, r.rolbypassrls as bypasses, r.rolinherit as inherits,
    r.rolcanlogin as login
from pg_catalog.pg_roles r
