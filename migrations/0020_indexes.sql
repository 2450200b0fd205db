-- Ids of verdicts and of the audit's entries grow with time: their keys put them in order, and both lists are read by them. These two indexes
-- were kept up by every run and read by nothing.

drop index steward.audit_event_time;
drop index steward.decision_recent;
