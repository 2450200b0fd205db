//! A file of contacts or of companies, for callers that take both: what differs between the two is decided here and nowhere else.

use super::company::CompanyLine;
use super::error::ImportError;
use super::report::{ImportPlan, ImportReport, Subject};
use super::{ImportFile, companies, write};
use crate::Office;
use crate::progress::Told;
use steward_core::{Integrity, WorkspaceId};
use steward_store::Tx;

/// A file, read as what it was said to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AnyFile {
    /// Of contacts.
    Contacts(ImportFile),
    /// Of companies.
    Companies(ImportFile<CompanyLine>),
}

impl AnyFile {
    /// Reads a file whose rows are said to be this. Pure and, for large files, busy for a second: call it on a thread that may wait.
    ///
    /// # Errors
    /// Like [`read`](super::read) and [`read_companies`](super::read_companies).
    pub fn read(subject: Subject, bytes: &[u8], file_name: &str) -> Result<Self, ImportError> {
        Ok(match subject {
            Subject::Contacts => Self::Contacts(super::read(bytes, file_name)?),
            Subject::Companies => Self::Companies(super::read_companies(bytes, file_name)?),
        })
    }

    /// Rows or cards in it, those that are refused too.
    pub fn row_count(&self) -> usize {
        match self {
            Self::Contacts(file) => file.rows.len(),
            Self::Companies(file) => file.rows.len(),
        }
    }

    /// What importing it into the workspace would do, as things stand. Nothing is written.
    ///
    /// # Errors
    /// Like [`preview`](super::preview) and [`preview_companies`](super::preview_companies).
    pub async fn preview(&self, tx: &mut Tx, workspace: WorkspaceId) -> Result<ImportPlan, ImportError> {
        match self {
            Self::Contacts(file) => write::preview(tx, workspace, file).await,
            Self::Companies(file) => companies::preview_companies(tx, workspace, file).await,
        }
    }

    /// Imports it into the workspace. After an error the transaction must be dropped. `integrity` is that of the file.
    ///
    /// # Errors
    /// Like [`run`](super::run) and [`run_companies`](super::run_companies).
    pub async fn run(&self, tx: &mut Tx, office: &Office, workspace: WorkspaceId, integrity: Integrity) -> Result<ImportReport, ImportError> {
        self.run_telling(tx, office, workspace, integrity, &mut |_, _| ()).await
    }

    /// The same, which tells how far it has come.
    ///
    /// # Errors
    /// Like [`run`](Self::run).
    pub async fn run_telling(
        &self,
        tx: &mut Tx,
        office: &Office,
        workspace: WorkspaceId,
        integrity: Integrity,
        told: Told<'_>,
    ) -> Result<ImportReport, ImportError> {
        match self {
            Self::Contacts(file) => write::run_telling(tx, office, workspace, file, integrity, told).await,
            Self::Companies(file) => companies::run_telling(tx, office, workspace, file, integrity, told).await,
        }
    }
}
