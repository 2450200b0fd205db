-- Places in the log are only ever added behind the last one, so their indexes need no room for what comes between: nine bytes an entry less.
alter index steward.audit_index_pkey set (fillfactor = 100);
alter index steward.audit_index_tenant_id_audit_id_key set (fillfactor = 100);
