-- Who has a second factor approves a change of what governs only with it, given for this very change and used for it. Whoever writes the row.
create function steward.change_is_stepped_up() returns trigger language plpgsql set search_path = '' as $$
begin
  if new.state = 'approved' and old.state <> 'approved'
     and steward.has_second_factor(new.tenant_id, new.decided_by)
     and not exists (select from steward.step_up as given where given.tenant_id = new.tenant_id and given.person_id = new.decided_by
                        and given.bound = 'change:' || encode(sha256(new.seal), 'hex') and given.used_at <= new.decided_at and given.expires_at >= new.decided_at) then
    raise exception 'this approval needs a second factor given for this change' using errcode = 'STW10';
  end if;
  return new;
end $$;
create trigger change_is_stepped_up before update on steward.governance_change for each row execute function steward.change_is_stepped_up();
