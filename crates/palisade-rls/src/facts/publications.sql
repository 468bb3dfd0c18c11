select p.pubname as name, p.puballtables as all_tables,
    coalesce((select json_agg(r.prrelid::int8) from pg_catalog.pg_publication_rel r where r.prpubid = p.oid), '[]')
        as relations,
    coalesce((
        select json_agg(s.pnnspid::int8) from pg_catalog.pg_publication_namespace s where s.pnpubid = p.oid
    ), '[]') as schemas
from pg_catalog.pg_publication p
