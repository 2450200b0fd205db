//! Companies of a table: which columns are theirs, and one row, cleaned and keyed. What else a table says of them is not kept here, so
//! those columns are named and not taken.

use super::columns::{Column, Header};
use super::row::{Refusal, printable};
use crate::crm::text::{clean_line, company_key, fold, shown, web_address};
use crate::crm::{NAME_CHARS_MAX, POINT_CHARS_MAX};

/// A row that can be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompanyLine {
    /// Which row, from 1; the header does not count.
    pub row: usize,
    /// The line it begins on, from 1.
    pub line: usize,
    /// The name.
    pub name: String,
    /// The canonical name.
    pub name_key: String,
    /// The web address.
    pub website: Option<String>,
    /// What was left out and why.
    pub warnings: Vec<String>,
}

/// Columns that are a company's name in any list: those of HubSpot, Zoho, Salesforce and Pipedrive, and names people give them. Folded.
const NAMES: &str = "company name|company|account name|account|organization name|organisation name|organization|organisation|organization - name|organisation - name|business name|legal name|client name|client|customer name|customer|vendor name|supplier name|firma|firmenname|unternehmen|unternehmensname|kunde|empresa|nombre de la empresa|nombre de empresa|razon social|compania|nombre de la compania|cuenta|nombre de la cuenta|nombre de cuenta|organizacion|nombre de la organizacion|societe|nom de la societe|entreprise|nom de l'entreprise|raison sociale|compte|nom du compte|الشركة|اسم الشركة|المؤسسة|اسم المؤسسة|कम्पनी|कम्पनीको नाम|संस्था|संस्थाको नाम";

/// Columns that are one where no other is: beside a company's they are a person's.
const BARE_NAMES: &str = "name|display name|full name|nombre|nom|الاسم|नाम";

const WEBSITES: &str = "website|website url|web site|web|web page|webpage|web address|homepage|home page|url|site|company website|company url|account website|organization - website|organisation - website|webseite|internetseite|pagina web|sitio web|site web|site internet|page web|الموقع|موقع الويب|वेबसाइट";

/// Taken where a row has no web address besides, as HubSpot writes both.
const DOMAINS: &str = "domain|domain name|company domain|company domain name|primary domain|web domain|website domain|dominio|nombre de dominio|domaine|nom de domaine|النطاق|डोमेन";

const WEBSITE: &str = "website";
const DOMAIN: &str = "domain";

/// What spreadsheets take for the beginning of a formula; exports, ours too, put an apostrophe before it.
const FORMULA_STARTS: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];

/// What each column of a list of companies is: the name, a web address, or not taken.
pub(super) fn columns(names: &[String]) -> Vec<Column> {
    // Programs write the names of their own fields with underscores.
    let folded: Vec<String> = names.iter().map(|name| fold(&name.replace('_', " "))).collect();
    let is_one_of = |name: &str, list: &str| list.split('|').any(|one| one == name);
    let first = |list: &str| folded.iter().position(|name| is_one_of(name, list));
    let named_at = first(NAMES).or_else(|| first(BARE_NAMES));
    let meaning = |(at, name): (usize, &String)| {
        if Some(at) == named_at {
            Column::Company
        } else if is_one_of(name, WEBSITES) {
            Column::Url(WEBSITE.to_owned())
        } else if is_one_of(name, DOMAINS) {
            Column::Url(DOMAIN.to_owned())
        } else {
            Column::Ignored
        }
    };
    folded.iter().enumerate().map(meaning).collect()
}

/// One row. Refused without a name, since nobody could find such a company again.
pub(super) fn line_of(record: &csv::StringRecord, header: &Header, row: usize, line: usize) -> Result<CompanyLine, Refusal> {
    let refuse = |title: &str, why: &str| Refusal { row, line, why: format!("column `{}`: {why}", shown(title.trim())) };
    let mut warnings = Vec::new();
    let mut named = ("", "");
    let mut addresses: Vec<(bool, &str, &str)> = Vec::new();
    for ((at, column), title) in header.columns.iter().enumerate().zip(&header.names) {
        let cell = record.get(at).unwrap_or_default().trim();
        if *column == Column::Ignored {
            continue;
        }
        if cell.contains('\0') {
            return Err(refuse(title, "it holds a NUL character; take it out"));
        }
        if cell.contains('\u{fffd}') {
            warnings.push(format!("column `{}` holds letters that were already lost when the file was written (shown as `\u{fffd}`)", shown(title.trim())));
        }
        if *column == Column::Company {
            named = (title.as_str(), cell);
        } else if let Column::Url(kind) = column
            && !cell.is_empty()
        {
            addresses.push((kind == DOMAIN, title.as_str(), cell));
        }
    }
    let (title, cell) = named;
    let name = clean_line(&printable(unescaped(cell)));
    if fold(&name).is_empty() {
        return Err(refuse(title, "it is empty; a company needs a name"));
    }
    if name.chars().count() > NAME_CHARS_MAX {
        return Err(refuse(title, &format!("the name has more than {NAME_CHARS_MAX} characters")));
    }
    // Sorting keeps the order of the columns but for domains, which come last.
    addresses.sort_by_key(|(is_domain, ..)| *is_domain);
    let mut website = None;
    for (_, title, cell) in addresses {
        match address(cell) {
            Ok(address) => {
                website = Some(address);
                break;
            }
            Err(why) => warnings.push(format!("column `{}`: `{}` left out: {why}", shown(title.trim()), shown(cell))),
        }
    }
    Ok(CompanyLine { row, line, name_key: company_key(&name), name, website, warnings })
}

fn address(cell: &str) -> Result<String, String> {
    let text = clean_line(&printable(cell));
    if text.chars().count() > POINT_CHARS_MAX {
        return Err(format!("it has more than {POINT_CHARS_MAX} characters"));
    }
    web_address(&text).ok_or_else(|| "it is no web address; only http and https are taken".to_owned())
}

fn unescaped(name: &str) -> &str {
    name.strip_prefix('\'').filter(|rest| rest.trim_start_matches(' ').starts_with(FORMULA_STARTS)).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::super::error::ImportError;
    use super::super::report::Subject;
    use super::*;

    #[test]
    fn a_header_without_a_name_is_none() {
        for line in ["website,phone", "Acme,https://acme.example", "first name,last name,email", "12", ""] {
            assert!(matches!(Header::sniff(line, Subject::Companies), Err(ImportError::NoNameColumn { .. })), "{line}");
        }
    }

    #[test]
    fn every_name_stands_once_and_is_folded() {
        let mut seen = std::collections::BTreeSet::new();
        for name in [NAMES, BARE_NAMES, WEBSITES, DOMAINS].into_iter().flat_map(|names| names.split('|')) {
            assert_eq!(fold(name), name);
            assert!(seen.insert(name), "{name} stands twice");
        }
    }

    /// The columns that are taken: `n` the name, `w` a web address, `d` a domain.
    fn check(header: &str, delimiter: char, expect: &str) {
        let found = Header::sniff(header, Subject::Companies).expect("header");
        let letter = |column: &Column| match column {
            Column::Company => 'n',
            Column::Url(kind) if kind == WEBSITE => 'w',
            Column::Url(_) => 'd',
            _ => '-',
        };
        assert_eq!((found.columns.iter().map(letter).collect::<String>().as_str(), found.delimiter), (expect, delimiter), "{header}");
    }

    #[test]
    fn headers_of_programs() {
        check("Record ID,Company name,Company Domain Name,Website URL,Phone Number,Industry,Company owner", ',', "-ndw---");
        check("Account Name;Phone;Website;Account Owner;Industry;Billing City", ';', "n-w---");
        check("Record Id\tAccount Name\tWebsite\tParent Account", '\t', "-nw-");
        check("Organization - Name,Organization - Address,Organization - Website", ',', "n-w");
        check("ID,NAME,TYPE,WEBSITE", ',', "-n-w");
        check("company_name,website_url,annual_revenue", ',', "nw-");
        check("Name,Company,Email,Website", ',', "-n-w");
        // Where somebody has their mail is not where the company is.
        check("Name,Email Domain,Phone", ',', "n--");
        check("name,website,company_id,workspace_id,created_at,changed_at", ',', "nw----");
        check("sep=;\nFirma;Webseite;Straße", ';', "nw-");
        check("Razón social,Página web,Teléfono", ',', "nw-");
        check("اسم الشركة,الموقع", ',', "nw");
        check("कम्पनीको नाम,वेबसाइट", ',', "nw");
    }

    #[test]
    fn an_apostrophe_before_what_a_spreadsheet_would_compute_is_none_of_the_name() {
        for (written, name) in [("'=Acme", "=Acme"), ("'@home", "@home"), ("' +plus", " +plus"), ("'s Hertogenbosch", "'s Hertogenbosch"), ("'", "'")] {
            assert_eq!(unescaped(written), name);
        }
    }
}
