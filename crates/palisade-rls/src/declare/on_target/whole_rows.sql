-- Policies of the files that use a whole row of their own table where that may mean another thing than one of the stand-in, and why.
select p.polname::text as policy, s.own::pg_catalog.regclass::text as on_table, reason.why
from pg_temp.palisade_stand_in s
join pg_catalog.pg_class own on own.oid = s.own
join pg_catalog.pg_class stand on stand.oid = s.stand
join pg_catalog.pg_policy p on p.polrelid = s.stand and p.xmin = pg_catalog.pg_current_xact_id()::xid
cross join lateral (select coalesce(p.polqual::text, '') || coalesce(p.polwithcheck::text, '') as text) tree
cross join lateral (
  select pg_catalog.format('there is a cast from %s to %s', pg_catalog.format_type(c.castsource, null), pg_catalog.format_type(c.casttarget, null)) as why
  from pg_catalog.pg_cast c
  where c.castsource = own.reltype or (c.casttarget = own.reltype and c.castsource <> stand.reltype)
  union all
  select pg_catalog.format('there is the operator %s', o.oid::pg_catalog.regoperator)
  from pg_catalog.pg_operator o
  where own.reltype in (o.oprleft, o.oprright)
  union all
  select pg_catalog.format('there are %s and %s', f.oid::pg_catalog.regprocedure, other.oid::pg_catalog.regprocedure)
  from pg_catalog.pg_proc f
  join pg_catalog.pg_proc other on other.proname = f.proname and other.oid <> f.oid
  where own.reltype = any (f.proargtypes)
) reason
where tree.text ~ (':varattno 0 :vartype ' || stand.reltype || ' ')
order by 2, 1;
