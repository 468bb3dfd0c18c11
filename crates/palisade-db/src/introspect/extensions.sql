select 'extension', 3079, e.oid, 0, '', json_build_array(e.extname), null, null,
       json_build_object('extension', json_build_object('schema', n.nspname, 'version', e.extversion))
  from pg_extension e join pg_namespace n on n.oid = e.extnamespace
