//! Decisions on record, as the rules can judge them again.

use crate::cli::error::CliError;
use crate::cli::terminal::Terminal;
use steward_core::limits::PAGE_MAX;
use steward_core::{BlockClass, Verdict};
use steward_office::actions;
use steward_policies::Recorded;
use steward_store::StoreError;
use steward_store::decision::{DecisionRow, Filter};
use steward_store::page::Page;

/// Decisions, newest first, until `enough` says so or there are no more.
pub(super) async fn read(terminal: &Terminal, most: usize, mut enough: impl FnMut(&DecisionRow) -> bool) -> Result<Vec<DecisionRow>, CliError> {
    let mut tx = terminal.store.begin(&terminal.actor).await?;
    let (mut page, mut all) = (Page::new(Some(PAGE_MAX), None), Vec::new());
    'pages: loop {
        let rows = actions::list(&mut tx, &Filter::default(), &page).await?;
        let (rows, next) = page.cut(rows, |row| row.decision_id.uuid());
        for row in rows {
            let done = enough(&row);
            all.push(row);
            if done || all.len() >= most {
                break 'pages;
            }
        }
        match next {
            Some(cursor) => page = Page::new(Some(PAGE_MAX), Some(cursor)),
            None => break,
        }
    }
    tx.rollback().await?;
    Ok(all)
}

/// A row as it can be judged again.
pub(super) fn recorded(row: DecisionRow) -> Result<Recorded, CliError> {
    let verdict: Verdict = row.verdict.parse().map_err(|_| StoreError::Corrupt { what: "decision.verdict" })?;
    let class: Option<BlockClass> =
        row.class.map(|class| serde_json::from_value(class.into())).transpose().map_err(|_| StoreError::Corrupt { what: "decision.class" })?;
    Ok(Recorded { name: row.decision_id.to_string(), verdict, class, rules: row.rules, facts: Recorded::facts_of(&row.record) })
}
