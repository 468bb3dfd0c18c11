select 'publication', 6104, p.oid, 0, '', json_build_array(p.pubname), pg_get_userbyid(p.pubowner), null,
       json_build_object('publication', json_build_object(
         'all_tables', p.puballtables,
         'publish', concat_ws(', ', case when p.pubinsert then 'insert' end, case when p.pubupdate then 'update' end,
                              case when p.pubdelete then 'delete' end, case when p.pubtruncate then 'truncate' end),
         'via_root', p.pubviaroot,
         'generated_columns', {{18:case p.pubgencols when 's' then 'stored' end|null}}))
  from pg_publication p where p.oid <> all ($members_6104)
union all
select 'publication-table', 6106, r.oid, 0, '', json_build_array(p.pubname, n.nspname, c.relname), null, null,
       json_build_object('publication-table', json_build_object(
         'table', json_build_array(n.nspname, c.relname),
         'columns', (select json_agg(a.attname order by a.attnum) from pg_attribute a
                      where a.attrelid = c.oid and a.attnum = any (r.prattrs)),
         'filter', pg_get_expr(r.prqual, r.prrelid)))
  from pg_publication_rel r
  join pg_publication p on p.oid = r.prpubid
  join pg_class c on c.oid = r.prrelid
  join pg_namespace n on n.oid = c.relnamespace
union all
select 'publication-schema', 6237, r.oid, 0, '', json_build_array(p.pubname, n.nspname), null, null, '"publication-schema"'
  from pg_publication_namespace r
  join pg_publication p on p.oid = r.pnpubid
  join pg_namespace n on n.oid = r.pnnspid
union all
-- Not `subconninfo`: it holds a password, and only superusers may see it.
select 'subscription', 6100, s.oid, 0, '', json_build_array(s.subname), pg_get_userbyid(s.subowner), null,
       json_build_object('subscription', json_build_object(
         'enabled', s.subenabled,
         'publications', to_json(s.subpublications),
         'options', concat_ws(', ', 'slot_name = ' || coalesce(quote_literal(s.subslotname), 'NONE'),
                              case when s.subtwophasestate <> 'd' then 'two_phase = true' end,
                              'binary = ' || s.subbinary,
                              'streaming = ' || {{16:case s.substream when 'f' then 'off' when 't' then 'on' else 'parallel' end|case when s.substream then 'on' else 'off' end}},
                              'synchronous_commit = ' || quote_literal(s.subsynccommit),
                              'disable_on_error = ' || s.subdisableonerr
                              {{16:, 'password_required = ' || s.subpasswordrequired, 'run_as_owner = ' || s.subrunasowner, 'origin = ' || s.suborigin|}}
                              {{17:, 'failover = ' || s.subfailover|}})))
  from pg_subscription s
 where s.subdbid = (select d.oid from pg_database d where d.datname = current_database())
