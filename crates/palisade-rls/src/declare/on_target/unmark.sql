do $palisade$
declare
  it record;
begin
  for it in select take_back from pg_temp.palisade_marked loop
    execute it.take_back;
  end loop;
end
$palisade$;
