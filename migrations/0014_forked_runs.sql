-- A run may begin where another stood: the answers before that are taken from the other's record, at no cost.

alter table steward.run
  add column forked_from uuid,
  add column forked_step integer,
  add column forked_seq integer,
  add foreign key (tenant_id, forked_from) references steward.run,
  add constraint run_forked_whole check (num_nonnulls(forked_from, forked_step, forked_seq) in (0, 3) and forked_step >= 1 and forked_seq >= 2 and forked_from <> run_id);
create index run_forks on steward.run (tenant_id, forked_from) where forked_from is not null;

-- Where a run came from is said once.
create function steward.fork_stays() returns trigger language plpgsql set search_path = '' as $$
begin
  if (old.forked_from, old.forked_step, old.forked_seq) is distinct from (new.forked_from, new.forked_step, new.forked_seq) then
    raise exception 'where a run was forked from does not change' using errcode = 'STW17';
  end if;
  return new;
end $$;
create trigger fork_stays before update of forked_from, forked_step, forked_seq on steward.run for each row execute function steward.fork_stays();
