select 'extension', 3079, e.oid, 0, '', json_build_array(e.extname), null, null,
       json_build_object('extension', json_build_object('schema', n.nspname, 'version', e.extversion,
         'default_version', case when e.extname <> 'plpgsql' then (select a.default_version from pg_available_extensions a where a.name = e.extname) end))
  from pg_extension e join pg_namespace n on n.oid = e.extnamespace
