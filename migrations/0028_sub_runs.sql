-- A run may hand a call to a run of its own, which serves it: for the same person, in the same place, and never longer than it lasts itself.

alter domain steward.run_channel drop constraint run_channel_check1;
alter domain steward.run_channel add constraint run_channel_check1 check (value in ('chat', 'api', 'terminal', 'schedule', 'mcp', 'delegated'));

alter table steward.run
  add column parent_run_id uuid,
  add column parent_call text,
  add column root_run_id uuid,
  add foreign key (tenant_id, parent_run_id) references steward.run,
  add foreign key (tenant_id, root_run_id) references steward.run;
comment on column steward.run.parent_run_id is 'The run whose call this one serves.';
comment on column steward.run.root_run_id is 'The run at the top of those, which nobody delegated.';
-- One run a call: a call that is tried again makes no second one.
create unique index run_of_call on steward.run (tenant_id, parent_run_id, parent_call) where parent_run_id is not null;
create index run_of_root on steward.run (tenant_id, root_run_id) where root_run_id is not null;

-- What a sub-run serves is whole, is not over, and is of the same person in the same place.
create function steward.sub_run_is_whole() returns trigger language plpgsql set search_path = '' as $$
begin
  if num_nonnulls(new.parent_run_id, new.parent_call, new.root_run_id) <> 3 or new.channel <> 'delegated' or new.forked_from is not null or not exists (
    select from steward.run as above
     where above.tenant_id = new.tenant_id and above.run_id = new.parent_run_id and above.run_id <> new.run_id and above.status <> 'ended'
       and above.workspace_id = new.workspace_id and above.conversation_id = new.conversation_id and above.person_id = new.person_id
       and coalesce(above.root_run_id, above.run_id) = new.root_run_id
  ) then
    raise exception 'a sub-run serves a call of a run that is not over, of the same person in the same place'
      using errcode = 'check_violation', constraint = 'run_sub_run_whole';
  end if;
  return new;
end $$;
create trigger sub_run_is_whole before insert on steward.run for each row
  when (new.parent_run_id is not null or new.parent_call is not null or new.root_run_id is not null or new.channel = 'delegated')
  execute function steward.sub_run_is_whole();

create function steward.sub_run_stays() returns trigger language plpgsql set search_path = '' as $$
begin
  if (old.parent_run_id, old.parent_call, old.root_run_id) is distinct from (new.parent_run_id, new.parent_call, new.root_run_id) then
    raise exception 'which run a run serves does not change' using errcode = 'STW20';
  end if;
  return new;
end $$;
create trigger sub_run_stays before update of parent_run_id, parent_call, root_run_id on steward.run for each row execute function steward.sub_run_stays();

-- Begins runs that serve calls of a run, in the commit that says so in its journal. Refused with STW12, as what was judged has moved, when
-- there would be more of them below the one at the top than there may be. Two at once wait here for each other.
create function steward.begin_sub_runs(as_tenant uuid, as_workspaces text, the_run uuid, now_at timestamptz, sub_runs text, most bigint)
  returns boolean language plpgsql volatile as $$
declare mine steward.run; top uuid; setting text;
begin
  setting := set_config('app.tenant', as_tenant::text, true);
  setting := set_config('app.workspaces', as_workspaces, true);
  select * into strict mine from steward.run where tenant_id = as_tenant and run_id = the_run;
  top := coalesce(mine.root_run_id, mine.run_id);
  perform pg_advisory_xact_lock(hashtextextended('steward sub-runs ' || top::text, 0));
  insert into steward.run (tenant_id, run_id, workspace_id, conversation_id, person_id, agent, channel, status, last_seq, created_at, parent_run_id, parent_call,
                           root_run_id)
  select as_tenant, new.run_id, mine.workspace_id, mine.conversation_id, mine.person_id, new.agent, 'delegated', 'queued', cardinality(new.events), now_at,
         the_run, new.call_id, top
    from json_to_recordset(sub_runs::json) as new (run_id uuid, agent text, call_id text, events text[]);
  if (select count(*) from steward.run where tenant_id = as_tenant and root_run_id = top) > most then
    raise exception 'there are as many sub-runs as there may be' using errcode = 'STW12';
  end if;
  insert into steward.run_event (tenant_id, run_id, workspace_id, seq, at, body)
  select as_tenant, new.run_id, mine.workspace_id, event.place::integer, timestamptz 'epoch' + new.at_ms * interval '1 millisecond', event.body
    from json_to_recordset(sub_runs::json) as new (run_id uuid, at_ms bigint, events text[]), unnest(new.events) with ordinality as event (body, place);
  return true;
end $$;

-- A run that waits for others goes on when one of them is over. Whoever ends and whoever begins to wait meet at one lock, so that none of
-- them misses the other; a run that ends takes that lock of its parent when it commits, after all rows that it writes, so that no two wait for
-- each other.
create function steward.await_runs(as_tenant uuid, as_workspaces text, the_run uuid, awaited uuid[]) returns boolean language plpgsql volatile as $$
declare setting text;
begin
  setting := set_config('app.tenant', as_tenant::text, true);
  setting := set_config('app.workspaces', as_workspaces, true);
  perform pg_advisory_xact_lock(hashtextextended('steward serves ' || the_run::text, 0));
  update steward.run set status = 'queued'
   where tenant_id = as_tenant and run_id = the_run and status = 'waiting'
     and exists (select from steward.run as below where below.tenant_id = as_tenant and below.run_id = any (awaited) and below.status = 'ended');
  return true;
end $$;

create function steward.wake_parent() returns trigger language plpgsql set search_path = '' as $$
begin
  perform pg_advisory_xact_lock(hashtextextended('steward serves ' || new.parent_run_id::text, 0));
  update steward.run set status = 'queued' where tenant_id = new.tenant_id and run_id = new.parent_run_id and status = 'waiting';
  return null;
end $$;
create constraint trigger wake_parent after update of status on steward.run deferrable initially deferred for each row
  when (new.status = 'ended' and old.status <> 'ended' and new.parent_run_id is not null) execute function steward.wake_parent();

-- However a run ends, what served it is stopped with it.
create function steward.stop_sub_runs() returns trigger language plpgsql set search_path = '' as $$
begin
  update steward.run
     set cancel_at = coalesce(cancel_at, new.ended_at), cancel_by = coalesce(cancel_by, new.cancel_by),
         status = case when status = 'waiting' then 'queued' else status end
   where tenant_id = new.tenant_id and parent_run_id = new.run_id and status <> 'ended';
  return null;
end $$;
create trigger stop_sub_runs after update of status on steward.run for each row
  when (new.status = 'ended' and old.status <> 'ended') execute function steward.stop_sub_runs();

revoke all on function steward.begin_sub_runs(uuid, text, uuid, timestamptz, text, bigint), steward.await_runs(uuid, text, uuid, uuid[]) from public;
grant execute on function steward.begin_sub_runs(uuid, text, uuid, timestamptz, text, bigint), steward.await_runs(uuid, text, uuid, uuid[]) to steward_worker;
