do language plpgsql $palisade$
declare
  job constant jsonb := current_setting('palisade.job')::jsonb;
  probes constant jsonb[] := array(select value from jsonb_array_elements(job -> 'probes'));
  results jsonb := '[]';
  world jsonb;
  probe jsonb;
  number integer;
  observed jsonb;
  failed jsonb;
  stage text;
  existing bigint;
  places text[];
  reached bigint;
  left_over bigint;
  said text;
  code text;
  message text;
  detail text;
  hint text;
begin
  for world in select value from jsonb_array_elements(job -> 'worlds') loop
    observed := '[]';
    failed := null;
    begin
      if world ->> 'sql' is not null then
        execute world ->> 'sql';
      end if;
      for number in select value::integer from jsonb_array_elements_text(world -> 'probes') loop
        probe := probes[number + 1];
        existing := null;
        places := null;
        reached := null;
        said := null;
        begin
          stage := 'setup';
          if probe ->> 'setup' is not null then
            execute probe ->> 'setup';
          end if;
          stage := 'count';
          if probe ->> 'count' is not null then
            set local row_security = off;
            execute probe ->> 'count' into existing, places;
            set local row_security = on;
          end if;
          stage := 'persona';
          if probe ->> 'persona' is not null then
            execute probe ->> 'persona';
          end if;
          stage := 'statement';
          case probe ->> 'kind'
            when 'count' then
              execute probe ->> 'statement' into reached;
            when 'value' then
              execute probe ->> 'statement' into said;
            else
              execute probe ->> 'statement';
              get diagnostics reached = row_count;
              set constraints all immediate;
          end case;
          stage := 'left';
          if probe ->> 'left' is not null then
            set local role none;
            set local row_security = off;
            execute probe ->> 'left' into left_over using places;
            reached := existing - left_over;
          end if;
          stage := 'done';
          raise exception using errcode = 'PAL00';
        exception when others then
          get stacked diagnostics
            code = returned_sqlstate, message = message_text, detail = pg_exception_detail, hint = pg_exception_hint;
          observed := observed || jsonb_build_array(jsonb_strip_nulls(jsonb_build_object(
            'stage', stage, 'existing', existing, 'reached', reached, 'said', said,
            'error', case when code <> 'PAL00' then jsonb_build_object(
              'code', code, 'message', message, 'detail', nullif(detail, ''), 'hint', nullif(hint, '')) end)));
        end;
      end loop;
      raise exception using errcode = 'PAL00';
    exception when others then
      get stacked diagnostics
        code = returned_sqlstate, message = message_text, detail = pg_exception_detail, hint = pg_exception_hint;
      if code <> 'PAL00' then
        failed := jsonb_build_object(
          'code', code, 'message', message, 'detail', nullif(detail, ''), 'hint', nullif(hint, ''));
      end if;
    end;
    results := results || jsonb_build_array(jsonb_strip_nulls(jsonb_build_object('failed', failed, 'seen', observed)));
  end loop;
  perform set_config('palisade.result', results::text, true);
end
$palisade$;
