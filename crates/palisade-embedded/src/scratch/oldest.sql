-- The templates behind the 20 that were used last. One that was never noted was left by a killed builder.
select d.datname::text
from pg_catalog.pg_database d left join palisade_templates t on t.name = d.datname
where d.datname like 'palisade\_template\_%'
order by t.used desc nulls last
offset 20
