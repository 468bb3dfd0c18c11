-- Which of some templates exist. Those that do have been used now; in one order, so that two sessions cannot wait for
-- each other, and not more often than pruning needs to know.
insert into palisade_templates
select datname, now() from pg_catalog.pg_database where datname in ('$names') order by datname
on conflict (name) do update set used = excluded.used
where palisade_templates.used < excluded.used - interval '1 minute';
select datname::text from pg_catalog.pg_database where datname in ('$names')
