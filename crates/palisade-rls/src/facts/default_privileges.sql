select d.defaclrole::int8 as owner, d.defaclnamespace::int8 as schema, d.defaclobjtype as objects,
    $grants(d.defaclacl, 'r', d.defaclrole) as grants
from pg_catalog.pg_default_acl d
