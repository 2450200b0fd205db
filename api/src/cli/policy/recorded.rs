//! Decisions on record, as the rules can judge them again.

use crate::cli::error::CliError;
use crate::cli::terminal::Terminal;
use steward_core::limits::PAGE_MAX;
use steward_office::actions;
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
