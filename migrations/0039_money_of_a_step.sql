-- What money takes of a step: two statements where an amount is set aside and two where it is settled, and no transaction within the transaction.

-- The same as `reserve`, refused with STW18 where one of the budgets has no room: nothing of the commit may happen then, so nothing has to be taken
-- back here. Rows are locked in a fixed order, so two runs never wait on each other in a ring. A window that is over starts anew with the same.
create or replace function steward.set_aside(
  as_tenant uuid, as_workspaces text, the_reservation uuid, the_run uuid, scopes text[], scope_ids text[], amount bigint, now_at timestamptz, until timestamptz
) returns boolean language plpgsql volatile set plan_cache_mode = force_generic_plan as $$
declare setting text; applying uuid[]; one uuid; taken uuid[] := '{}';
  today timestamptz := date_trunc('day', now_at at time zone 'UTC') at time zone 'UTC';
  this_month timestamptz := date_trunc('month', now_at at time zone 'UTC') at time zone 'UTC';
begin
  setting := set_config('app.tenant', as_tenant::text, true);
  setting := set_config('app.workspaces', as_workspaces, true);
  select coalesce(array_agg(budget.budget_id order by budget.budget_id), '{}') into applying
    from steward.budget join unnest(scopes, scope_ids) as wanted (scope, scope_id) using (scope, scope_id)
   where budget.tenant_id = as_tenant;
  foreach one in array applying loop
    update steward.budget
       set spent_micros = case when window_start < case period when 'day' then today when 'month' then this_month else window_start end then 0 else spent_micros end,
           window_start = greatest(window_start, case period when 'day' then today when 'month' then this_month else window_start end),
           reserved_micros = reserved_micros + amount
     where tenant_id = as_tenant and budget_id = one
       and (case when window_start < case period when 'day' then today when 'month' then this_month else window_start end then 0 else spent_micros end)
           + reserved_micros + amount <= cap_micros;
    if found then
      taken := taken || one;
    elsif exists (select from steward.budget where tenant_id = as_tenant and budget_id = one) then
      raise exception 'a budget has no room' using errcode = 'STW18';
    end if;
  end loop;
  insert into steward.reservation (tenant_id, reservation_id, run_id, amount_micros, state, budgets, created_at, expires_at)
  values (as_tenant, the_reservation, the_run, amount, 'open', taken, now_at, until);
  return true;
end $$;

-- Settles all that a run has set aside: what it cost so far and was not charged yet is spent, the rest is free again.
-- Safe to call at any time and again: it charges the difference to what was charged before. Whoever settles the same at the same moment waits for
-- the rows, and finds nothing open behind them.
create or replace function steward.settle_run(the_run uuid, cost_so_far bigint, to_state text) returns void
  language plpgsql volatile set plan_cache_mode = force_generic_plan as $$
declare mine uuid := steward.tenant(); one record;
begin
  for one in
    -- The first one is charged with all that is due; a budget that came later was not there when it was set aside.
    update steward.reservation as settled
       set state = to_state,
           spent_micros = case when settled.reservation_id = (
               select first.reservation_id from steward.reservation as first
                where first.tenant_id = mine and first.run_id = the_run and first.state = 'open' order by first.reservation_id limit 1)
             then greatest(cost_so_far - (
               select coalesce(sum(before.spent_micros), 0) from steward.reservation as before
                where before.tenant_id = mine and before.run_id = the_run and before.state <> 'open'), 0)
             else 0 end
     where settled.tenant_id = mine and settled.run_id = the_run and settled.state = 'open'
    returning settled.amount_micros, settled.spent_micros, settled.budgets
  loop
    update steward.budget
       set reserved_micros = greatest(reserved_micros - one.amount_micros, 0), spent_micros = spent_micros + one.spent_micros
     where tenant_id = mine and budget_id = any (one.budgets);
  end loop;
end $$;

-- As with the journal (decision 0009): a row is written only beside a step of its run, and runs are never removed.
alter table steward.reservation drop constraint reservation_tenant_id_run_id_fkey;

do $$
declare was text; becomes text;
begin
  -- Of a run's thirty columns a step looks at six.
  was := pg_get_functiondef('steward.write_step'::regproc);
  becomes := replace(was, 'declare mine steward.run;', 'declare mine record;');
  if becomes = was then raise exception 'write_step is not as it was; write it anew'; end if;
  was := becomes;
  becomes := replace(was, 'returning * into mine', 'returning workspace_id, conversation_id, person_id, agent, cancel_at, roles_changed into mine');
  if becomes = was then raise exception 'write_step is not as it was; write it anew'; end if;
  execute becomes;
end $$;
