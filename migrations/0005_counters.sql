-- What rules count: allowed calls within a window, exact however many decide at once.
--
-- A decision that was made on a counter is written only if the counter has not moved since it was read; whoever comes second is told so
-- and judges anew. An allowed call counts from its decision on, so calls under way are in the number.

create table steward.counter (
  tenant_id uuid not null references steward.tenant,
  counter text not null,
  part text not null,
  version bigint not null default 0,
  primary key (tenant_id, counter, part)
);
comment on table steward.counter is 'How often a counter of the rules has moved, for each thing that counts together; locked while a decision made on it is written.';
call steward.protect('counter', false, 'select', 'select, insert, update');

create table steward.counted_call (
  tenant_id uuid not null,
  counter text not null,
  part text not null,
  run_id uuid not null,
  call_id text not null,
  at timestamptz not null,
  amount bigint not null check (amount >= 0),
  primary key (tenant_id, counter, part, run_id, call_id),
  foreign key (tenant_id, counter, part) references steward.counter,
  foreign key (tenant_id, run_id) references steward.run
);
comment on table steward.counted_call is 'What an allowed call adds to a counter of the rules; kept a little longer than the longest window.';
call steward.protect('counted_call', false, 'select', 'select, insert, delete');
create index counted_call_time on steward.counted_call (tenant_id, counter, part, at) include (amount, run_id, call_id);

-- The counters as they stand, each with how often it has moved, in the order in which they were asked for. The call itself is left out:
-- one that was allowed and is looked at again after a crash does not stand in its own way.
create function steward.count_now(as_tenant uuid, as_workspaces text, counters text[], parts text[], since timestamptz[], the_run uuid, the_call text)
  returns table (amount bigint, version bigint) language plpgsql volatile set plan_cache_mode = force_generic_plan as $$
begin
  perform set_config('app.tenant', as_tenant::text, true), set_config('app.workspaces', as_workspaces, true);
  return query
  select (select least(coalesce(sum(counted_call.amount), 0), 9223372036854775807)::bigint from steward.counted_call
           where counted_call.tenant_id = as_tenant and counted_call.counter = wanted.counter and counted_call.part = wanted.part
             and counted_call.at > wanted.since and not (counted_call.run_id = the_run and counted_call.call_id = the_call)),
         coalesce((select counter.version from steward.counter
                    where counter.tenant_id = as_tenant and counter.counter = wanted.counter and counter.part = wanted.part), 0)
    from unnest(counters, parts, since) with ordinality as wanted (counter, part, since, place)
   order by wanted.place;
end $$;

-- Part of the commit of a step: refused with STW12 when a counter has moved since a decision was made on it, else what the allowed calls add.
-- Counters are locked in a fixed order, so two commits never wait on each other in a ring.
create function steward.count_calls(as_tenant uuid, as_workspaces text, the_run uuid, now_at timestamptz, checks text, adds text)
  returns boolean language plpgsql volatile set plan_cache_mode = force_generic_plan as $$
declare one record; stands bigint;
begin
  if checks is null and adds is null then return true; end if;
  perform set_config('app.tenant', as_tenant::text, true), set_config('app.workspaces', as_workspaces, true);
  for one in
    select wanted.counter, wanted.part, min(wanted.version) as first, max(wanted.version) as last, bool_or(wanted.call_id is not null) as moves
      from (select new.counter, new.part, new.version, null as call_id
              from json_to_recordset(coalesce(checks, '[]')::json) as new (counter text, part text, version bigint)
            union all
            select new.counter, new.part, null, new.call_id from json_to_recordset(coalesce(adds, '[]')::json) as new (counter text, part text, call_id text)) as wanted
     group by wanted.counter, wanted.part order by wanted.counter, wanted.part
  loop
    insert into steward.counter (tenant_id, counter, part) values (as_tenant, one.counter, one.part) on conflict do nothing;
    select version into stands from steward.counter where tenant_id = as_tenant and counter = one.counter and part = one.part for update;
    if one.first <> stands or one.last <> stands then
      raise exception 'a counter has moved' using errcode = 'STW12';
    end if;
    if one.moves then
      update steward.counter set version = version + 1 where tenant_id = as_tenant and counter = one.counter and part = one.part;
      delete from steward.counted_call where tenant_id = as_tenant and counter = one.counter and part = one.part and at < now_at - interval '8 days';
    end if;
  end loop;
  insert into steward.counted_call (tenant_id, counter, part, run_id, call_id, at, amount)
  select as_tenant, new.counter, new.part, the_run, new.call_id, now_at, new.amount
    from json_to_recordset(coalesce(adds, '[]')::json) as new (counter text, part text, call_id text, amount bigint)
  on conflict do nothing;
  return true;
end $$;

do $$
declare one regprocedure;
begin
  for one in select oid from pg_proc where pronamespace = 'steward'::regnamespace and proname in ('count_now', 'count_calls') loop
    execute format('revoke all on function %s from public', one);
    execute format('grant execute on function %s to steward_worker', one);
  end loop;
end $$;
