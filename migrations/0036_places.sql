-- Who runs next where several organisations have runs: whoever holds the fewest places, and of those who hold as many, the oldest run. And a run
-- that has to wait for its model waits in the queue, without a place.

alter table steward.run
  add column left_until timestamptz,
  add column turns text;
comment on column steward.run.left_until is 'Until when a queued run is left alone, because the models it could ask want to be left alone; none for any other run.';
comment on column steward.run.turns is 'Which models of the step were tried, and from when each may be asked again, as the run knew when it last handed its place back; JSON that only the worker reads.';

-- The queue's column is made of the time too: what is left alone stands behind what may run. An index for each organisation in its own order, so
-- that the oldest of one is found whatever another has piled up.
drop index steward.run_open;
alter table steward.run drop column ready_at;
alter table steward.run
  add column ready_at timestamptz generated always as (case when status in ('queued', 'running') then coalesce(left_until, created_at) end) stored;
comment on column steward.run.ready_at is 'Set while a worker may want the run: the queue is the index on it and nothing else. It changes neither with a lease nor with a step, unless the run was left alone.';
create index run_open on steward.run (tenant_id, ready_at) where ready_at is not null;

-- The run that is next, leased to `worker`: of the organisation that holds the fewest places, its oldest that nobody works on and that is not left
-- alone. A place is held by a lease that has not run out. Runs of a dead worker come up again when their lease has run out; a lease, or a time until
-- which a run is left alone, that ends later than any can is one from before the clock was put back. One organisation alone is not counted.
create or replace function steward.lease_run(worker text, now_at timestamptz, lease_ms bigint)
  returns table (tenant_id uuid, run_id uuid, person_id uuid, fence bigint)
  language plpgsql volatile security definer set search_path = '' set plan_cache_mode = force_generic_plan as $$
declare lowest uuid; highest uuid; in_turn uuid[]; its uuid; lease_max timestamptz := now_at + 2 * lease_ms * interval '1 millisecond';
begin
  -- Ordered by both columns, as nothing but the index of the queue is.
  select (select queue.tenant_id from steward.run as queue where queue.ready_at is not null order by queue.tenant_id, queue.ready_at limit 1),
         (select queue.tenant_id from steward.run as queue where queue.ready_at is not null order by queue.tenant_id desc, queue.ready_at desc limit 1)
    into lowest, highest;
  if lowest is null then
    return;
  elsif lowest = highest then
    in_turn := array[lowest];
  else
    -- From one organisation with open runs to the next: each is one look into the index, however many runs it has. What is driven stands at the
    -- front of an organisation's queue, since its oldest are leased first, so some hundred are enough to count places by.
    with recursive org (id) as (
      select lowest
      union all
      select (select queue.tenant_id from steward.run as queue where queue.ready_at is not null and queue.tenant_id > org.id
               order by queue.tenant_id, queue.ready_at limit 1)
        from org where org.id < highest)
    -- One without a free run among those is tried last: it may have one behind them.
    select array_agg(org.id order by front.since is null, front.held, front.since) into in_turn
      from org cross join lateral (
        select count(*) filter (where seen.is_held) as held, min(seen.ready_at) filter (where seen.is_free) as since
          from (select queue.ready_at, queue.status = 'running' and queue.lease_until between now_at and lease_max as is_held,
                       queue.status = 'queued' and (queue.left_until is null or queue.left_until <= now_at or queue.left_until > now_at + interval '2 minutes')
                       or queue.lease_until < now_at or queue.lease_until > lease_max as is_free
                  from steward.run as queue
                 where queue.tenant_id = org.id and queue.ready_at is not null
                 order by queue.ready_at
                 limit 256) as seen) as front
     where org.id is not null;
  end if;
  foreach its in array in_turn loop
    return query
    update steward.run as run
       set status = 'running', fence = run.fence + 1, lease_owner = worker, lease_until = now_at + lease_ms * interval '1 millisecond', left_until = null
     where (run.tenant_id, run.run_id) = (
       select waiting.tenant_id, waiting.run_id from steward.run as waiting
        where waiting.tenant_id = its and waiting.ready_at is not null
          and (waiting.status = 'queued' and (waiting.left_until is null or waiting.left_until <= now_at or waiting.left_until > now_at + interval '2 minutes')
               or waiting.lease_until < now_at or waiting.lease_until > lease_max)
        order by waiting.ready_at
        for update skip locked
        limit 1)
    returning run.tenant_id, run.run_id, run.person_id, run.fence;
    if found then return; end if;
  end loop;
end $$;

-- Leaves a run alone that was queued by the step before, in the same commit; not one that somebody asked to stop meanwhile.
create function steward.leave_alone(as_tenant uuid, as_workspaces text, the_run uuid, due timestamptz, models text) returns boolean
  language plpgsql volatile as $$
declare setting text;
begin
  setting := set_config('app.tenant', as_tenant::text, true);
  setting := set_config('app.workspaces', as_workspaces, true);
  update steward.run set left_until = due, turns = models
   where tenant_id = as_tenant and run_id = the_run and status = 'queued' and cancel_at is null;
  return true;
end $$;
revoke all on function steward.leave_alone(uuid, text, uuid, timestamptz, text) from public;
grant execute on function steward.leave_alone(uuid, text, uuid, timestamptz, text) to steward_worker;

-- However a run ends, what served it is stopped with it, also what is left alone.
create or replace function steward.stop_sub_runs() returns trigger language plpgsql set search_path = '' as $$
begin
  update steward.run
     set cancel_at = coalesce(cancel_at, new.ended_at), cancel_by = coalesce(cancel_by, new.cancel_by), left_until = null,
         status = case when status = 'waiting' then 'queued' else status end
   where tenant_id = new.tenant_id and parent_run_id = new.run_id and status <> 'ended';
  return null;
end $$;
