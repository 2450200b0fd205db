-- What happens when a budget has no room: the run waits for a person, who lets it go on by an amount, or not.

-- When the person last gave their password in this session.
alter table steward.session add column proved_at timestamptz;

create table steward.budget_hold (
  tenant_id uuid not null,
  budget_hold_id uuid not null,
  workspace_id uuid not null,
  run_id uuid not null,
  person_id uuid not null,
  agent text not null,
  step integer not null check (step > 0),
  need_micros bigint not null check (need_micros >= 0),
  cost_micros bigint not null check (cost_micros >= 0),
  of_run boolean not null,
  why text not null,
  state text not null check (state in ('held', 'allowed', 'refused', 'expired', 'cancelled')),
  allowed_micros bigint check (allowed_micros > 0),
  allowed_until timestamptz,
  broke_glass boolean not null default false,
  decided_by uuid,
  decided_at timestamptz,
  reason text,
  review text check (review in ('justified', 'not_justified')),
  reviewed_by uuid,
  reviewed_at timestamptz,
  held_at timestamptz not null,
  expires_at timestamptz not null,
  primary key (tenant_id, budget_hold_id),
  foreign key (tenant_id, workspace_id) references steward.workspace,
  foreign key (tenant_id, run_id) references steward.run,
  foreign key (tenant_id, person_id) references steward.person,
  foreign key (tenant_id, decided_by) references steward.person,
  foreign key (tenant_id, reviewed_by) references steward.person,
  check ((state = 'allowed') = (allowed_micros is not null)),
  -- Going over a budget without the role for it is bounded in amount and time, says why, and names who.
  check (not broke_glass or (state = 'allowed' and allowed_micros <= 5000000 and allowed_until <= decided_at + interval '4 hours'
                             and length(reason) >= 10 and decided_by is not null)),
  -- Nobody reviews what they did themselves.
  check ((review is null) = (reviewed_by is null)),
  check (reviewed_by is null or (broke_glass and reviewed_by <> decided_by))
);
comment on table steward.budget_hold is 'A run that waits because a budget has no room, with what a person said of it; one open for each run.';
call steward.protect('budget_hold', true, 'select, update', 'select, insert, update');
create unique index budget_hold_open on steward.budget_hold (tenant_id, run_id) where state = 'held';

-- The legal edges, whoever writes the row; what was asked for never changes, and what was said is said once.
create function steward.budget_hold_moves() returns trigger language plpgsql set search_path = '' as $$
begin
  if (old.budget_hold_id, old.workspace_id, old.run_id, old.person_id, old.agent, old.step, old.need_micros, old.cost_micros, old.of_run, old.why, old.held_at, old.expires_at)
     is distinct from (new.budget_hold_id, new.workspace_id, new.run_id, new.person_id, new.agent, new.step, new.need_micros, new.cost_micros, new.of_run, new.why, new.held_at, new.expires_at) then
    raise exception 'what was asked for cannot change' using errcode = 'STW03';
  end if;
  if old.state <> 'held' and (old.state, old.allowed_micros, old.allowed_until, old.broke_glass, old.decided_by, old.decided_at, old.reason)
     is distinct from (new.state, new.allowed_micros, new.allowed_until, new.broke_glass, new.decided_by, new.decided_at, new.reason) then
    raise exception 'it is already %', old.state using errcode = 'STW04';
  end if;
  if old.review is not null and (old.review, old.reviewed_by, old.reviewed_at) is distinct from (new.review, new.reviewed_by, new.reviewed_at) then
    raise exception 'it is already reviewed' using errcode = 'STW04';
  end if;
  return new;
end $$;
create trigger budget_hold_moves before update on steward.budget_hold for each row execute function steward.budget_hold_moves();
create trigger never_remove before delete on steward.budget_hold for each row execute function steward.never();
create trigger never_truncate before truncate on steward.budget_hold for each statement execute function steward.never();

-- Sets an amount aside in every budget that applies, whether it has room or not: a person allowed this run to go over.
create function steward.reserve_over(
  as_tenant uuid, as_workspaces text, the_reservation uuid, the_run uuid, scopes text[], scope_ids text[], amount bigint, now_at timestamptz, until timestamptz
) returns void language plpgsql volatile as $$
declare taken uuid[];
begin
  perform set_config('app.tenant', as_tenant::text, true), set_config('app.workspaces', as_workspaces, true);
  with applicable as (
    select budget.budget_id,
           case period when 'day' then date_trunc('day', now_at at time zone 'UTC') at time zone 'UTC'
                       when 'month' then date_trunc('month', now_at at time zone 'UTC') at time zone 'UTC'
                       else window_start end as current_start
      from steward.budget join unnest(scopes, scope_ids) as wanted (scope, scope_id) using (scope, scope_id)
     where budget.tenant_id = as_tenant
     order by budget.budget_id for update of budget),
  moved as (
    update steward.budget set
       spent_micros = case when budget.window_start < applicable.current_start then 0 else budget.spent_micros end,
       window_start = greatest(budget.window_start, applicable.current_start),
       reserved_micros = budget.reserved_micros + amount
      from applicable
     where budget.tenant_id = as_tenant and budget.budget_id = applicable.budget_id
    returning budget.budget_id)
  select coalesce(array_agg(budget_id), '{}') into taken from moved;
  insert into steward.reservation (tenant_id, reservation_id, run_id, amount_micros, state, budgets, created_at, expires_at)
  values (as_tenant, the_reservation, the_run, amount, 'open', taken, now_at, until);
end $$;
do $$
declare one regprocedure;
begin
  for one in select oid from pg_proc where pronamespace = 'steward'::regnamespace and proname = 'reserve_over' loop
    execute format('revoke all on function %s from public', one);
    execute format('grant execute on function %s to steward_worker', one);
  end loop;
end $$;
