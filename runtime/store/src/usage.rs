//! What runs used and cost, summed. Of runs, what stands with them; of models and tools, what their journals say.

use crate::error::StoreError;
use crate::tx::Tx;
use steward_core::Micros;
use time::OffsetDateTime;

/// The most rows of one answer.
pub const ROWS_MAX: i64 = 1_000;

/// One sum.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsageRow {
    /// Of what: a day, a name, an id.
    pub key: String,
    /// How many runs had part in it.
    pub runs: i64,
    /// Answers of models, or calls of a tool.
    pub times: i64,
    /// Tokens, read and written.
    pub tokens: i64,
    /// Cost of models.
    pub cost: Micros,
    /// Fuel of sandboxes.
    pub fuel: i64,
    /// Wall time of calls, in milliseconds.
    pub ms: i64,
    /// Requests of plugins to others, redirects counted.
    pub requests: i64,
    /// What plugins sent to others and got back, in bytes: addresses, headers and bodies.
    pub bytes: i64,
}

macro_rules! rows {
    ($tx:expr, $sql:expr, $from:expr, $to:expr) => {{
        let rows = sqlx::query!($sql, $from, $to, ROWS_MAX).fetch_all($tx.conn()).await?;
        Ok(rows
            .into_iter()
            .map(|row| UsageRow {
                key: row.key,
                runs: row.runs,
                times: row.times,
                tokens: row.tokens,
                cost: Micros(row.cost),
                fuel: row.fuel,
                ms: row.ms,
                requests: row.requests,
                bytes: row.bytes,
            })
            .collect())
    }};
}

/// Runs begun in a time, by the day in UTC on which they were; days without runs are not among them.
pub async fn by_day(tx: &mut Tx, from: OffsetDateTime, to: OffsetDateTime) -> Result<Vec<UsageRow>, StoreError> {
    rows!(
        tx,
        r#"select to_char(created_at at time zone 'UTC', 'YYYY-MM-DD') as "key!", count(*) as "runs!", sum(steps - coalesce(forked_step - 1, 0))::bigint as "times!", sum(tokens)::bigint as "tokens!",
                  sum(cost_micros)::bigint as "cost!", 0::bigint as "fuel!", 0::bigint as "ms!", 0::bigint as "requests!", 0::bigint as "bytes!"
             from run where created_at >= $1 and created_at < $2 group by 1 order by 1 limit $3"#,
        from,
        to
    )
}

/// Runs begun in a time, by the person they acted for, the dearest first.
pub async fn by_person(tx: &mut Tx, from: OffsetDateTime, to: OffsetDateTime) -> Result<Vec<UsageRow>, StoreError> {
    rows!(
        tx,
        r#"select person_id::text as "key!", count(*) as "runs!", sum(steps - coalesce(forked_step - 1, 0))::bigint as "times!", sum(tokens)::bigint as "tokens!",
                  sum(cost_micros)::bigint as "cost!", 0::bigint as "fuel!", 0::bigint as "ms!", 0::bigint as "requests!", 0::bigint as "bytes!"
             from run where created_at >= $1 and created_at < $2 group by 1 order by 5 desc, 1 limit $3"#,
        from,
        to
    )
}

/// Runs begun in a time, by agent, the dearest first.
pub async fn by_agent(tx: &mut Tx, from: OffsetDateTime, to: OffsetDateTime) -> Result<Vec<UsageRow>, StoreError> {
    rows!(
        tx,
        r#"select agent as "key!", count(*) as "runs!", sum(steps - coalesce(forked_step - 1, 0))::bigint as "times!", sum(tokens)::bigint as "tokens!",
                  sum(cost_micros)::bigint as "cost!", 0::bigint as "fuel!", 0::bigint as "ms!", 0::bigint as "requests!", 0::bigint as "bytes!"
             from run where created_at >= $1 and created_at < $2 group by 1 order by 5 desc, 1 limit $3"#,
        from,
        to
    )
}

/// Runs begun in a time, by the version of the prompt they are pinned to, the dearest first.
pub async fn by_prompt(tx: &mut Tx, from: OffsetDateTime, to: OffsetDateTime) -> Result<Vec<UsageRow>, StoreError> {
    rows!(
        tx,
        r#"select coalesce(replace(first.body, '\u0000', '\ufffd')::json #>> '{pins,prompt}', '?') as "key!", count(*) as "runs!", sum(run.steps - coalesce(run.forked_step - 1, 0))::bigint as "times!",
                  sum(run.tokens)::bigint as "tokens!", sum(run.cost_micros)::bigint as "cost!", 0::bigint as "fuel!", 0::bigint as "ms!", 0::bigint as "requests!", 0::bigint as "bytes!"
             from run join run_event as first on first.tenant_id = run.tenant_id and first.run_id = run.run_id and first.seq = 1
            where run.created_at >= $1 and run.created_at < $2 group by 1 order by 5 desc, 1 limit $3"#,
        from,
        to
    )
}

/// Answers of models in runs begun in a time, by `name/model`, the dearest first; failed ones that were charged are among them.
pub async fn by_model(tx: &mut Tx, from: OffsetDateTime, to: OffsetDateTime) -> Result<Vec<UsageRow>, StoreError> {
    rows!(
        tx,
        r#"select said.body ->> 'model' as "key!", count(distinct said.run_id) as "runs!",
                  count(*) filter (where said.body ->> 'kind' <> 'ask_failed' or said.body #>> '{usage,input}' <> '0' or said.body #>> '{usage,output}' <> '0') as "times!",
                  sum((said.body #>> '{usage,input}')::bigint + (said.body #>> '{usage,output}')::bigint)::bigint as "tokens!",
                  sum((said.body ->> 'cost')::bigint)::bigint as "cost!", 0::bigint as "fuel!", 0::bigint as "ms!", 0::bigint as "requests!", 0::bigint as "bytes!"
             from (select event.run_id, replace(event.body, '\u0000', '\ufffd')::json as body
                     from run join run_event as event on event.tenant_id = run.tenant_id and event.run_id = run.run_id and event.seq > coalesce(run.forked_seq, 0)
                    where run.created_at >= $1 and run.created_at < $2 and event.body like '{"kind":%') as said
            where said.body ->> 'kind' in ('answered', 'ask_failed', 'extracted')
            group by 1 order by 5 desc, 1 limit $3"#,
        from,
        to
    )
}

/// Calls of tools in runs begun in a time, the most time first. What a tool asked of a model is its cost.
pub async fn by_tool(tx: &mut Tx, from: OffsetDateTime, to: OffsetDateTime) -> Result<Vec<UsageRow>, StoreError> {
    rows!(
        tx,
        r#"select call.tool as "key!", count(distinct said.run_id) as "runs!", count(*) filter (where said.body ->> 'kind' = 'done') as "times!",
                  coalesce(sum((said.body #>> '{usage,input}')::bigint + (said.body #>> '{usage,output}')::bigint), 0)::bigint as "tokens!",
                  coalesce(sum((said.body ->> 'cost')::bigint), 0)::bigint as "cost!",
                  coalesce(sum((said.body ->> 'fuel')::bigint), 0)::bigint as "fuel!", coalesce(sum((said.body ->> 'ms')::bigint), 0)::bigint as "ms!",
                  coalesce(sum((said.body #>> '{used,requests}')::bigint), 0)::bigint as "requests!",
                  coalesce(sum((said.body #>> '{used,sent_bytes}')::bigint + (said.body #>> '{used,received_bytes}')::bigint), 0)::bigint as "bytes!"
             from (select event.tenant_id, event.run_id, replace(event.body, '\u0000', '\ufffd')::json as body
                     from run join run_event as event on event.tenant_id = run.tenant_id and event.run_id = run.run_id and event.seq > coalesce(run.forked_seq, 0)
                    where run.created_at >= $1 and run.created_at < $2 and event.body like '{"kind":%') as said
             join lateral (select tool from decision where decision.tenant_id = said.tenant_id and decision.run_id = said.run_id
                              and decision.call_id = said.body ->> 'call_id' limit 1) as call on true
            where said.body ->> 'kind' in ('done', 'extracted')
            group by 1 order by 7 desc, 1 limit $3"#,
        from,
        to
    )
}
