-- What a plugin keeps is taken away only by a call that knows no more than any that wrote the entry since it was made: the best of them is kept
-- beside the last.

alter table steward.plugin_entry
  add column best_integrity smallint,
  add column best_private boolean;
-- Of what is there now only the last is known. The table is written anew here: an update would see no rows, whose security is forced.
alter table steward.plugin_entry
  alter column best_integrity type smallint using integrity,
  alter column best_private type boolean using private;
alter table steward.plugin_entry
  alter column best_integrity set not null,
  alter column best_private set not null,
  add constraint plugin_entry_best_check check (best_integrity between integrity and 4 and (private or not best_private));
comment on column steward.plugin_entry.best_integrity is 'The highest integrity it was ever written from since it was made.';
comment on column steward.plugin_entry.best_private is 'Whether nothing public was ever written to it since it was made.';
