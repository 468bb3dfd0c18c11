select c.oid::bigint as relation,
  json_build_object(
    'columns', (
      select json_agg(json_build_object(
        'number', a.attnum,
        'name', a.attname,
        'type', case when b.typtype = 'd' then pg_catalog.format_type(b.typbasetype, b.typtypmod)
          else pg_catalog.format_type(a.atttypid, a.atttypmod) end,
        'not_null', a.attnotnull or b.typnotnull,
        'default', a.atthasdef or a.attidentity <> '' or b.typdefault is not null,
        'always', a.attidentity = 'a',
        'generated', a.attgenerated <> '',
        'labels', (select coalesce(json_agg(e.enumlabel order by e.enumsortorder), '[]')
          from pg_catalog.pg_enum e where e.enumtypid in (b.oid, nullif(b.typbasetype, 0))),
        'checks', (select coalesce(json_agg(pg_catalog.pg_get_constraintdef(k.oid)), '[]') from pg_catalog.pg_constraint k
          where k.contype = 'c' and (k.conrelid = c.oid and a.attnum = any (k.conkey) or k.contypid = b.oid))
      ) order by a.attnum)
      from pg_catalog.pg_attribute a
      join pg_catalog.pg_type b on b.oid = a.atttypid
      where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    ),
    'keys', (
      select coalesce(json_agg(json_build_object(
        'columns', k.conkey, 'referenced', k.confrelid::bigint, 'referenced_columns', k.confkey) order by k.conname), '[]')
      from pg_catalog.pg_constraint k where k.contype = 'f' and k.conrelid = c.oid and k.conparentid = 0
    )
  )::text as answer
from pg_catalog.pg_class c
where c.relkind in ('r', 'p') and c.oid in ($relations)
