//! Which company a row belongs to, what an import of companies would do, and doing it: the same steps as for contacts.

use super::ImportFile;
use super::company::CompanyLine;
use super::error::ImportError;
use super::matching::kept;
use super::plan::CHUNK_ROWS;
use super::report::{ImportPlan, ImportReport, PlannedRow, RowOutcome, Tally};
use super::write::{begin, conclude, enter, look, plan_of, report_of};
use crate::Office;
use crate::crm::text::{web_key, web_place};
use crate::progress::{Steps, Told};
use std::collections::{BTreeSet, HashMap};
use steward_core::{CompanyId, Integrity, WorkspaceId};
use steward_store::company::{self, CompanyRow};
use steward_store::{Tx, contact_import};
use time::OffsetDateTime;
use uuid::Uuid;

/// What importing a file of companies into the workspace would do, as things stand. Nothing is written.
pub async fn preview_companies(tx: &mut Tx, workspace: WorkspaceId, file: &ImportFile<CompanyLine>) -> Result<ImportPlan, ImportError> {
    look(tx, workspace).await?;
    let plan = make(tx, workspace, file, Integrity::Outside).await?;
    Ok(plan_of(file, plan.tally))
}

/// Imports a file of companies into the workspace. After an error the transaction must be dropped. `integrity` is that of the file: what a
/// person curates is [`Integrity::Directory`]. A company that gains something from the file is worth no more than the file afterwards.
pub async fn run_companies(
    tx: &mut Tx,
    office: &Office,
    workspace: WorkspaceId,
    file: &ImportFile<CompanyLine>,
    integrity: Integrity,
) -> Result<ImportReport, ImportError> {
    run_telling(tx, office, workspace, file, integrity, &mut |_, _| ()).await
}

/// The same, which tells how far it has come: how many of the companies are written.
pub(super) async fn run_telling(
    tx: &mut Tx,
    office: &Office,
    workspace: WorkspaceId,
    file: &ImportFile<CompanyLine>,
    integrity: Integrity,
    told: Told<'_>,
) -> Result<ImportReport, ImportError> {
    let person = begin(tx, workspace).await?;
    let Plan { companies, tally } = make(tx, workspace, file, integrity).await?;
    contact_import::plan_as_usual(tx).await?;
    let at = office.clock.now();
    let report = report_of(file, tally.summary, office.ids.make());
    enter(tx, &report, workspace, person, file.digest, at).await?;
    let (known, mut new): (Vec<Planned>, Vec<Planned>) = companies.into_iter().partition(|company| company.exists);
    for company in &mut new {
        company.row.company = office.ids.make();
    }
    let new: Vec<CompanyRow> = new.into_iter().map(|company| company.row).collect();
    let changed: Vec<CompanyRow> = known.into_iter().filter(|company| company.touched).map(|company| company.row).collect();
    let mut steps = Steps::of(told, new.len() + changed.len());
    for chunk in new.chunks(CHUNK_ROWS) {
        company::insert_many(tx, workspace, chunk, at).await?;
        steps.add(chunk.len());
    }
    contact_import::plan_anew(tx).await?;
    for chunk in changed.chunks(CHUNK_ROWS) {
        company::update_many(tx, chunk, at).await?;
        steps.add(chunk.len());
    }
    contact_import::plan_as_usual(tx).await?;
    conclude(tx, office, &report, workspace, file.digest, integrity).await?;
    Ok(report)
}

/// A company while the plan is made.
#[derive(Debug)]
struct Planned {
    /// The fields. A new company has the nil id until it is written.
    row: CompanyRow,
    /// Whether it is in the store already.
    exists: bool,
    /// Whether something was added.
    touched: bool,
}

impl Planned {
    /// A company that a row makes.
    fn new(line: &CompanyLine, workspace: WorkspaceId, integrity: Integrity) -> Self {
        let row = CompanyRow {
            company: CompanyId::from_uuid(Uuid::nil()),
            workspace,
            name: line.name.clone(),
            name_key: line.name_key.clone(),
            website: line.website.clone(),
            merged_into: None,
            integrity,
            version: 1,
            created_at: OffsetDateTime::UNIX_EPOCH,
            changed_at: OffsetDateTime::UNIX_EPOCH,
        };
        Self { row, exists: false, touched: false }
    }

    /// Adds what the row has and this company lacks; returns whether there was anything. What is filled stays.
    fn absorb(&mut self, line: &CompanyLine, integrity: Integrity, warnings: &mut Vec<String>) -> bool {
        if line.name_key != self.row.name_key {
            warnings.push(kept("name", &self.row.name, &line.name));
        }
        match (&self.row.website, &line.website) {
            (None, Some(given)) => {
                self.row.website = Some(given.clone());
                self.row.integrity = self.row.integrity.min(integrity);
                self.touched = true;
                true
            }
            (Some(there), Some(given)) => {
                if web_key(there) != web_key(given) {
                    warnings.push(kept("website", there, given));
                }
                false
            }
            (Some(_) | None, None) => false,
        }
    }
}

#[derive(Debug)]
struct Plan {
    companies: Vec<Planned>,
    tally: Tally,
}

async fn make(tx: &mut Tx, workspace: WorkspaceId, file: &ImportFile<CompanyLine>, integrity: Integrity) -> Result<Plan, ImportError> {
    let mut plan = Plan { companies: Vec::new(), tally: Tally::of(file) };
    let mut index = load(tx, workspace, file, &mut plan.companies).await?;
    for row in &file.rows {
        match row {
            Ok(line) => plan.take(line, &mut index, workspace, integrity),
            Err(refusal) => plan.tally.refuse(refusal),
        }
    }
    plan.tally.summary.companies_created = plan.tally.summary.created;
    Ok(plan)
}

/// Brings every company of the store that a row of the file may belong to into the plan.
async fn load(tx: &mut Tx, workspace: WorkspaceId, file: &ImportFile<CompanyLine>, companies: &mut Vec<Planned>) -> Result<Index, ImportError> {
    let lines = || file.rows.iter().flatten();
    let hosts: BTreeSet<String> = lines().filter_map(|line| line.website.as_deref()).map(|website| web_place(website).0).collect();
    let keys: BTreeSet<String> = lines().map(|line| line.name_key.clone()).collect();
    let (hosts, keys): (Vec<String>, Vec<String>) = (hosts.into_iter().collect(), keys.into_iter().collect());
    let by_host = if hosts.is_empty() { Vec::new() } else { company::find_by_hosts(tx, workspace, &hosts).await? };
    let mut by_name: Vec<(String, CompanyId)> = Vec::new();
    for chunk in keys.chunks(CHUNK_ROWS) {
        by_name.extend(company::find_by_keys(tx, workspace, chunk).await?);
    }
    let wanted: BTreeSet<CompanyId> = by_host.iter().chain(&by_name).map(|(_, company)| *company).collect();
    let wanted: Vec<CompanyId> = wanted.into_iter().collect();
    let mut places: HashMap<CompanyId, usize> = HashMap::new();
    for chunk in wanted.chunks(CHUNK_ROWS) {
        for row in company::find_many(tx, chunk).await? {
            places.insert(row.company, companies.len());
            companies.push(Planned { row, exists: true, touched: false });
        }
    }
    let mut index = Index::default();
    for (website, company) in by_host {
        if let Some((at, there)) = places.get(&company).and_then(|at| Some((*at, companies.get(*at)?))) {
            index.enter_website(&there.row.name_key, &website, at);
        }
    }
    for (key, company) in by_name {
        if let Some(at) = places.get(&company) {
            index.by_name.entry(key).or_insert(*at);
        }
    }
    Ok(index)
}

impl Plan {
    fn take(&mut self, line: &CompanyLine, index: &mut Index, workspace: WorkspaceId, integrity: Integrity) {
        let mut warnings = line.warnings.clone();
        let (outcome, company_id) = if let Some(at) = index.find(line)
            && let Some(company) = self.companies.get_mut(at)
        {
            let is_filled = company.absorb(line, integrity, &mut warnings);
            if is_filled {
                index.enter(&company.row.name_key, line.website.as_deref(), at);
            }
            (if is_filled { RowOutcome::Merged } else { RowOutcome::Unchanged }, company.exists.then_some(company.row.company))
        } else {
            index.enter(&line.name_key, line.website.as_deref(), self.companies.len());
            self.companies.push(Planned::new(line, workspace, integrity));
            (RowOutcome::Created, None)
        };
        self.tally.take(line.row, line.line, outcome, warnings, || PlannedRow {
            row: line.row,
            outcome,
            contact_id: None,
            company_id,
            display_name: line.name.clone(),
            email: None,
            phone: None,
            company: None,
            website: line.website.clone(),
        });
    }
}

/// What a company can be found by; the first company to have a key keeps it.
#[derive(Debug, Default)]
struct Index {
    by_host: HashMap<String, Pages>,
    by_name: HashMap<String, usize>,
}

/// The companies at one host, by the page there, and by their name; the host itself is the page without a name.
#[derive(Debug, Default)]
struct Pages {
    by_page: HashMap<String, usize>,
    by_name: HashMap<String, usize>,
}

/// Hosts where many have their mail or a page: the bare host says nothing of who somebody is, a page there does.
const SHARED_HOSTS: [&str; 51] = [
    "aol.com",
    "fastmail.com",
    "free.fr",
    "freenet.de",
    "gmail.com",
    "gmx.at",
    "gmx.ch",
    "gmx.com",
    "gmx.de",
    "gmx.net",
    "googlemail.com",
    "hotmail.com",
    "hotmail.es",
    "hotmail.fr",
    "icloud.com",
    "laposte.net",
    "live.com",
    "mail.com",
    "mail.ru",
    "me.com",
    "msn.com",
    "orange.fr",
    "outlook.com",
    "outlook.de",
    "outlook.es",
    "posteo.de",
    "proton.me",
    "protonmail.com",
    "qq.com",
    "t-online.de",
    "web.de",
    "wanadoo.fr",
    "yahoo.com",
    "yahoo.de",
    "yahoo.es",
    "yandex.ru",
    "blogspot.com",
    "etsy.com",
    "facebook.com",
    "fb.com",
    "github.com",
    "google.com",
    "instagram.com",
    "linkedin.com",
    "linktr.ee",
    "sites.google.com",
    "tiktok.com",
    "twitter.com",
    "wordpress.com",
    "x.com",
    "youtube.com",
];

impl Index {
    /// The name is that of the company, which a row may write otherwise.
    fn enter(&mut self, name_key: &str, website: Option<&str>, at: usize) {
        self.by_name.entry(name_key.to_owned()).or_insert(at);
        if let Some(website) = website {
            self.enter_website(name_key, website, at);
        }
    }

    fn enter_website(&mut self, name_key: &str, website: &str, at: usize) {
        let (host, page) = web_place(website);
        let pages = self.by_host.entry(host).or_default();
        pages.by_page.entry(page).or_insert(at);
        pages.by_name.entry(name_key.to_owned()).or_insert(at);
    }

    /// The company a row belongs to.
    fn find(&self, line: &CompanyLine) -> Option<usize> {
        let at_host = line.website.as_deref().and_then(|website| self.find_at_host(&line.name_key, website));
        at_host.or_else(|| self.by_name.get(&line.name_key).copied())
    }

    /// Who has the same page, or else at the same host the same name. A host and a page of it, or two pages, may be two companies: a
    /// marketplace and its shops.
    fn find_at_host(&self, name_key: &str, website: &str) -> Option<usize> {
        let (host, page) = web_place(website);
        let pages = self.by_host.get(&host)?;
        let is_nobodys = page.is_empty() && SHARED_HOSTS.contains(&host.as_str());
        let same_page = || pages.by_page.get(&page).filter(|_| !is_nobodys);
        same_page().or_else(|| pages.by_name.get(name_key)).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(name: &str, website: &str) -> CompanyLine {
        let website = (!website.is_empty()).then(|| website.to_owned());
        CompanyLine { row: 1, line: 2, name: name.to_owned(), name_key: name.to_owned(), website, warnings: Vec::new() }
    }

    #[test]
    fn the_host_comes_first_and_two_pages_of_it_are_two_companies() {
        let mut index = Index::default();
        let book = [("acme", "https://www.acme.example/start"), ("shop a", "https://market.example/a"), ("shop b", "https://market.example/b"), ("globex", "")];
        for (at, (name, website)) in book.into_iter().enumerate() {
            let line = line(name, website);
            index.enter(&line.name_key, line.website.as_deref(), at);
        }
        let check = |name: &str, website: &str, expect: Option<usize>| assert_eq!(index.find(&line(name, website)), expect, "{name} {website}");
        check("acme", "http://ACME.example", Some(0));
        check("acme", "http://ACME.example/imprint", Some(0));
        check("other", "http://ACME.example", None);
        check("globex", "http://ACME.example", Some(3));
        check("other", "https://acme.example:443/", None);
        check("other", "https://acme.example/imprint", None);
        check("other", "https://market.example/b/", Some(2));
        check("other", "https://market.example/c", None);
        check("other", "https://market.example", None);
        check("globex", "https://globex.example", Some(3));
        check("other", "", None);
    }

    #[test]
    fn where_many_have_their_mail_or_a_page_a_host_is_nobody() {
        let mut index = Index::default();
        for (at, (name, website)) in
            [("bakery", "https://gmail.com"), ("social", "https://facebook.com"), ("tailor", "https://facebook.com/tailor")].into_iter().enumerate()
        {
            index.enter(name, Some(website), at);
        }
        let check = |name: &str, website: &str, expect: Option<usize>| assert_eq!(index.find(&line(name, website)), expect, "{name} {website}");
        check("tailor", "https://gmail.com", Some(2));
        check("smith", "https://www.GMAIL.com/", None);
        check("bakery", "https://gmail.com", Some(0));
        check("smith", "https://facebook.com", None);
        check("smith", "https://facebook.com/smith", None);
        check("smith", "https://facebook.com/tailor/", Some(2));
    }

    #[test]
    fn a_host_of_many_is_written_as_it_is_looked_up() {
        for host in SHARED_HOSTS {
            assert_eq!(web_place(&format!("https://www.{host}/")), (host.to_owned(), String::new()));
        }
    }
}
