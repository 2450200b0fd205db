//! Decisions on record, as the rules can judge them again.

use crate::cli::error::CliError;
use crate::cli::terminal::Terminal;
use crate::recorded::recorded;
use std::ops::ControlFlow;
use steward_core::limits::PAGE_MAX;
use steward_office::actions;
use steward_policies::{Backtest, Backtesting, Rules};
use steward_store::decision::{DecisionRow, Filter};
use steward_store::page::Page;

/// Decisions, newest first, until `enough` says so or there are no more.
pub(super) async fn read(terminal: &Terminal, most: usize, mut enough: impl FnMut(&DecisionRow) -> bool) -> Result<Vec<DecisionRow>, CliError> {
    let mut all = Vec::new();
    each(terminal, most, |row| {
        let done = enough(&row);
        all.push(row);
        Ok(if done { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    })
    .await?;
    Ok(all)
}

/// Judges the newest decisions by these rules, page by page, and tells after each how many it were.
pub(super) async fn judge(terminal: &Terminal, most: usize, rules: &Rules, mut told: impl FnMut(u64)) -> Result<Backtest, CliError> {
    let (mut again, mut done) = (Backtesting::new(rules), 0);
    each(terminal, most, |row| {
        again.judge(recorded(row)?);
        done += 1;
        told(done);
        Ok(ControlFlow::Continue(()))
    })
    .await?;
    Ok(again.report())
}

/// Decisions, newest first, until `act` breaks off or there are no more. No more than a page of them is held.
async fn each(terminal: &Terminal, most: usize, mut act: impl FnMut(DecisionRow) -> Result<ControlFlow<()>, CliError>) -> Result<(), CliError> {
    let mut tx = terminal.store.begin(&terminal.actor).await?;
    let (mut page, mut left) = (Page::new(Some(PAGE_MAX), None), most);
    'pages: while left > 0 {
        let rows = actions::list(&mut tx, &Filter::default(), &page).await?;
        let (rows, next) = page.cut(rows, |row| row.decision_id.uuid());
        for row in rows.into_iter().take(left) {
            left -= 1;
            if act(row)?.is_break() {
                break 'pages;
            }
        }
        match next {
            Some(cursor) => page = Page::new(Some(PAGE_MAX), Some(cursor)),
            None => break,
        }
    }
    tx.rollback().await?;
    Ok(())
}
