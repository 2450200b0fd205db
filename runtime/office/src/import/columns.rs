//! What the columns of a table mean: Google's two headers, Outlook's in four languages, and names people give columns.

use super::company;
use super::error::ImportError;
use super::report::Subject;
use crate::crm::text::{fold, shown};
use std::collections::HashMap;

/// Which program's table it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    Google,
    Outlook,
    Other,
}

/// A part of a postal address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    Street,
    Extended,
    PoBox,
    City,
    Region,
    Code,
    Country,
}

/// What one column holds. Numbered columns come in groups: an address, its label, its parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Column {
    Ignored,
    Display,
    Given,
    Middle,
    Family,
    Suffix,
    Company,
    JobTitle,
    Birthday,
    Note,
    Tags,
    Email(String),
    Phone(String),
    Url(String),
    Address(String),
    AddressPart(String, Part),
    /// The label of group so-and-so.
    Label(String),
}

/// A table's header.
#[derive(Debug)]
pub(super) struct Header {
    pub(super) dialect: Dialect,
    pub(super) delimiter: char,
    /// As they stand in the file.
    pub(super) names: Vec<String>,
    pub(super) columns: Vec<Column>,
    /// Lines before the header's own: Excel's `sep=;`.
    pub(super) skip_lines: usize,
}

/// Delimiters tried, in this order.
const DELIMITERS: [char; 4] = [',', ';', '\t', '|'];

/// Names of columns, folded. Fixed labels follow `:`; the group of a numbered column is its position among its kind.
const NAMES: [(&str, Kind); 14] = [
    ("name|full name|display name|contact name|contact|anzeigename|vollstandiger name|nombre completo|nom complet|nom affiche", Kind::Display),
    ("first name|given name|firstname|first|vorname|nombre|prenom", Kind::Given),
    ("middle name|additional name|weitere vornamen|segundo nombre|deuxieme prenom", Kind::Middle),
    ("last name|surname|family name|lastname|last|nachname|familienname|apellidos|apellido|nom|nom de famille", Kind::Family),
    ("suffix|name suffix|sufijo|suffixe|namenszusatz", Kind::Suffix),
    (
        "company|company name|organization|organisation|organization name|firma|unternehmen|empresa|organizacion|compania|societe|entreprise|account|account name|employer",
        Kind::Company,
    ),
    ("job title|jobtitle|position|role|organization title|berufsbezeichnung|cargo|puesto|fonction|titre du poste|beruf|occupation", Kind::JobTitle),
    ("birthday|birth date|date of birth|geburtstag|geburtsdatum|cumpleanos|fecha de nacimiento|date de naissance|anniversaire", Kind::Birthday),
    ("notes|note|comment|comments|remarks|notizen|bemerkungen|notas|commentaires|remarques", Kind::Note),
    ("categories|category|tags|tag|labels|groups|group membership|kategorien|categorias|etiquetas|categories de contact", Kind::Tags),
    (
        "e-mail address|email address|email|e-mail|mail|emailaddress|e-mail 1|email 1|primary email|primary e-mail|work email:work|business email:work|home email:home|personal email:home|e-mail-adresse|email-adresse|emailadresse|mailadresse|direccion de correo electronico|direccion de correo|correo electronico|correo|email personal:home|adresse de messagerie|adresse e-mail|adresse email|adresse mail|courriel|e-mail 2 address|email 2 address|e-mail 3 address|email 3 address|email address 2|email address 3|email2address|email3address|e-mail 2|email 2|e-mail 3|email 3|email2|email3|secondary email|other email|e-mail 2: adresse|e-mail 3: adresse|e-mail-adresse 2|e-mail-adresse 3|direccion del correo electronico 2|direccion del correo electronico 3|direccion de correo electronico 2|direccion de correo electronico 3|adresse de messagerie 2|adresse de messagerie 3",
        Kind::Email,
    ),
    (
        "phone|telephone|tel|phone number|phone 1|phone 2|phone 3|primary phone:main|main phone:main|business phone:work|business phone 2:work|work phone:work|work phone 2:work|office phone:work|company main phone:work|company phone:work|direct phone:work|home phone:home|home phone 2:home|mobile phone:mobile|mobile:mobile|mobile number:mobile|cell:mobile|cell phone:mobile|cellphone:mobile|car phone:car|other phone:other|pager:pager|business fax:work fax|work fax:work fax|home fax:home fax|other fax:fax|fax:fax|fax number:fax|telefon|telefonnummer|rufnummer|telefon geschaftlich:work|telefon geschaftlich 2:work|telefon (geschaftlich):work|telefon firma:work|telefon (firma):work|telefon privat:home|telefon privat 2:home|telefon (privat):home|haupttelefon:main|weiteres telefon:other|mobiltelefon:mobile|mobil:mobile|handy:mobile|autotelefon:car|fax geschaftlich:work fax|fax privat:home fax|weiteres fax:fax|telefono|telefono del trabajo:work|telefono del trabajo 2:work|telefono principal:main|telefono principal de la compania:work|particular:home|telefono particular:home|telefono particular 2:home|movil:mobile|telefono movil:mobile|celular:mobile|fax del trabajo:work fax|fax particular:home fax|telephone (bureau):work|telephone 2 (bureau):work|telephone professionnel:work|telephone principal:main|telephone societe:work|telephone (domicile):home|telephone 2 (domicile):home|tel. mobile:mobile|telephone mobile:mobile|portable:mobile|telecopie (bureau):work fax|telecopie (domicile):home fax",
        Kind::Phone,
    ),
    ("web page|website|web site|webseite|homepage|url|pagina web|sitio web|page web|site web|personal web page:home|company website:work", Kind::Url),
    (
        "address|postal address|mailing address|business address:work|work address:work|home address:home|other address:other|adresse|anschrift|direccion|adresse postale",
        Kind::Address,
    ),
];

/// Outlook's own way to write the first e-mail column; others write it without the hyphen.
const OUTLOOK_EMAIL: [&str; 4] = ["e-mail address", "e-mail-adresse", "direccion de correo electronico", "adresse de messagerie"];

/// Columns Outlook writes and lists made by hand do not.
const OUTLOOK_OTHERS: [&str; 12] = [
    "business phone",
    "home phone",
    "mobile phone",
    "e-mail 2 address",
    "telefon geschaftlich",
    "telefon privat",
    "mobiltelefon",
    "telefono del trabajo",
    "telefono movil",
    "telephone (bureau)",
    "tel. mobile",
    "business street",
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Display,
    Given,
    Middle,
    Family,
    Suffix,
    Company,
    JobTitle,
    Birthday,
    Note,
    Tags,
    Email,
    Phone,
    Url,
    Address,
}

impl Header {
    /// Reads the first line with each delimiter and takes the one that yields most columns we know.
    pub(super) fn sniff(text: &str, subject: Subject) -> Result<Self, ImportError> {
        let first = text.lines().next().unwrap_or_default();
        let told = first.trim().strip_prefix("sep=").and_then(|rest| rest.chars().next()).filter(char::is_ascii);
        let skip_lines = usize::from(told.is_some());
        let body = below(text, skip_lines);
        let delimiters = told.map_or_else(|| DELIMITERS.to_vec(), |only| vec![only]);
        let mut best: Option<((usize, usize), Self)> = None;
        for delimiter in delimiters {
            let names = super::csv::first_record(body, delimiter)?;
            let (dialect, columns) = match subject {
                Subject::Contacts => meaning(&names),
                Subject::Companies => (Dialect::Other, company::columns(&names)),
            };
            let known = columns.iter().filter(|column| **column != Column::Ignored).count();
            let rank = (known, names.len());
            if best.as_ref().is_none_or(|(most, _)| rank > *most) {
                best = Some((rank, Self { dialect, delimiter, names, columns, skip_lines }));
            }
        }
        let is_enough = |column: &Column| match subject {
            Subject::Contacts => names_somebody(column),
            Subject::Companies => *column == Column::Company,
        };
        let line = || shown(body.lines().find(|line| !line.trim().is_empty()).unwrap_or_default());
        match (best, subject) {
            (Some((_, header)), _) if header.columns.iter().any(is_enough) => Ok(header.with_names_told(body)),
            (_, Subject::Contacts) => Err(ImportError::NoHeader { line: line() }),
            (_, Subject::Companies) => Err(ImportError::NoNameColumn { line: line() }),
        }
    }

    /// Takes a column called `Name` for last names where it stands beside first names and nothing else holds last names, as in
    /// `Name;Vorname`. Only the rows tell that from whole names beside their first ones (`Lena Brandt`, `Lena`); where as many speak for
    /// the one as for the other, nobody is lost when it is the last name.
    fn with_names_told(mut self, body: &str) -> Self {
        let place = |wanted: Column| self.columns.iter().position(|column| *column == wanted);
        let named = self.names.iter().zip(&self.columns).position(|(name, column)| *column == Column::Display && fold(name) == "name");
        let (Some(name), Some(given), None) = (named, place(Column::Given), place(Column::Family)) else { return self };
        let (mut whole, mut last) = (0_usize, 0_usize);
        for (name, given) in super::csv::pairs(body, self.delimiter, name, given) {
            *(if holds_word(&name, &given) { &mut whole } else { &mut last }) += 1;
        }
        if whole <= last
            && let Some(column) = self.columns.get_mut(name)
        {
            *column = Column::Family;
        }
        self
    }

    /// The table without lines before its header.
    pub(super) fn table<'a>(&self, text: &'a str) -> &'a str {
        below(text, self.skip_lines)
    }
}

fn below(text: &str, skip_lines: usize) -> &str {
    if skip_lines == 1 { text.split_once('\n').map_or("", |(_, rest)| rest) } else { text }
}

/// Whether the first word of a first name stands in a name.
fn holds_word(name: &str, given: &str) -> bool {
    let (name, given) = (fold(name), fold(given));
    let first = words_of(&given).next();
    first.is_some() && words_of(&name).any(|word| Some(word) == first)
}

fn words_of(folded: &str) -> impl Iterator<Item = &str> {
    folded.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty())
}

const fn names_somebody(column: &Column) -> bool {
    matches!(column, Column::Display | Column::Given | Column::Family | Column::Company | Column::Email(_) | Column::Phone(_))
}

fn meaning(names: &[String]) -> (Dialect, Vec<Column>) {
    let folded: Vec<String> = names.iter().map(|name| fold(name)).collect();
    let google = folded.iter().any(|name| google_column(name).is_some());
    let has = |wanted: &[&str]| folded.iter().any(|name| wanted.contains(&name.as_str()));
    let dialect = if google {
        Dialect::Google
    } else if has(&OUTLOOK_EMAIL) && has(&OUTLOOK_OTHERS) {
        Dialect::Outlook
    } else {
        Dialect::Other
    };
    let table = table();
    let mut seen: HashMap<&'static str, usize> = HashMap::new();
    let columns = folded.iter().map(|name| column(name, dialect, &table, &mut seen)).collect();
    (dialect, columns)
}

fn table() -> HashMap<&'static str, (Kind, Option<&'static str>)> {
    let entries = NAMES.iter().flat_map(|(names, kind)| names.split('|').map(move |name| (name, *kind)));
    // `e-mail 2: adresse` has a colon of its own, followed by a space.
    entries
        .map(|(name, kind)| match name.rsplit_once(':') {
            Some((name, label)) if !label.starts_with(' ') => (name, (kind, Some(label))),
            Some(_) | None => (name, (kind, None)),
        })
        .collect()
}

fn column(name: &str, dialect: Dialect, table: &HashMap<&'static str, (Kind, Option<&'static str>)>, seen: &mut HashMap<&'static str, usize>) -> Column {
    if dialect == Dialect::Google
        && let Some(column) = google_column(name)
    {
        return column;
    }
    // In Outlook `Title` stands for Mr or Dr, in other lists mostly for the job.
    if name == "title" && dialect == Dialect::Other {
        return Column::JobTitle;
    }
    let Some((kind, label)) = table.get(name) else { return address_part(name).unwrap_or(Column::Ignored) };
    let mut group = |prefix: &'static str| {
        let next = seen.entry(prefix).or_default();
        *next += 1;
        // A fixed label is written into the group's name; see `fixed_label`.
        label.map_or_else(|| format!("{prefix} {next}"), |label| format!("{prefix} {next}:{label}"))
    };
    match kind {
        Kind::Display => Column::Display,
        Kind::Given => Column::Given,
        Kind::Middle => Column::Middle,
        Kind::Family => Column::Family,
        Kind::Suffix => Column::Suffix,
        Kind::Company => Column::Company,
        Kind::JobTitle => Column::JobTitle,
        Kind::Birthday => Column::Birthday,
        Kind::Note => Column::Note,
        Kind::Tags => Column::Tags,
        Kind::Email => Column::Email(group("email")),
        Kind::Phone => Column::Phone(group("phone")),
        Kind::Url => Column::Url(group("url")),
        Kind::Address => Column::Address(group("address")),
    }
}

/// The label a group carries in its name, as in `phone 2:work`.
pub(super) fn fixed_label(group: &str) -> Option<&str> {
    group.split_once(':').map(|(_, label)| label)
}

/// `E-mail 1 - Value`, `Phone 2 - Type`, `Address 1 - City`, `Organization 1 - Name`.
fn google_column(name: &str) -> Option<Column> {
    let (head, field) = name.split_once(" - ")?;
    let (what, number) = head.rsplit_once(' ')?;
    if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let group = head.to_owned();
    Some(match (what, field) {
        ("e-mail" | "email", "value") => Column::Email(group),
        ("phone", "value") => Column::Phone(group),
        ("website", "value") => Column::Url(group),
        ("e-mail" | "email" | "phone" | "website" | "address", "type" | "label") => Column::Label(group),
        ("address", "formatted") => Column::Address(group),
        ("address", "street") => Column::AddressPart(group, Part::Street),
        ("address", "extended address") => Column::AddressPart(group, Part::Extended),
        ("address", "po box") => Column::AddressPart(group, Part::PoBox),
        ("address", "city") => Column::AddressPart(group, Part::City),
        ("address", "region") => Column::AddressPart(group, Part::Region),
        ("address", "postal code") => Column::AddressPart(group, Part::Code),
        ("address", "country") => Column::AddressPart(group, Part::Country),
        ("organization", "name") if number == "1" => Column::Company,
        ("organization", "title") if number == "1" => Column::JobTitle,
        ("organization" | "address" | "relation" | "event" | "im" | "custom field" | "website" | "phone" | "e-mail" | "email", _) => Column::Ignored,
        _ => return None,
    })
}

/// `Business Street`, `Home City`, `Straße geschäftlich`, `Código postal del trabajo`, or a bare `City`.
fn address_part(name: &str) -> Option<Column> {
    let words: Vec<&str> = name.split([' ', '/', '(', ')', '-', '_']).filter(|word| !word.is_empty()).collect();
    let has = |wanted: &[&str]| words.iter().any(|word| wanted.contains(word));
    let part = if has(&["street", "strasse", "calle", "rue"]) {
        Part::Street
    } else if has(&["city", "ort", "stadt", "ciudad", "ville"]) {
        Part::City
    } else if has(&["zip", "zipcode", "postcode", "postal", "postleitzahl", "plz"]) {
        Part::Code
    } else if has(&["state", "region", "province", "bundesland", "provincia", "departement"]) && !has(&["country", "land", "pais", "pays"]) {
        Part::Region
    } else if has(&["country", "land", "pais", "pays"]) {
        Part::Country
    } else {
        return None;
    };
    let group = if has(&["business", "work", "office", "geschaftlich", "trabajo", "bureau"]) {
        "address work:work"
    } else if has(&["home", "privat", "particular", "domicile"]) {
        "address home:home"
    } else if has(&["other", "weitere", "weiterer", "weiteres", "otro", "otra", "autre"]) {
        "address other:other"
    } else if words.len() <= 2 {
        "address bare"
    } else {
        return None;
    };
    Some(Column::AddressPart(group.to_owned(), part))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(header: &str, dialect: Dialect, delimiter: char, expect: &[(usize, Column)]) {
        let found = Header::sniff(header, Subject::Contacts).expect("header");
        assert_eq!((found.dialect, found.delimiter), (dialect, delimiter), "{header}");
        for (index, column) in expect {
            assert_eq!(found.columns.get(*index), Some(column), "{header} column {index}");
        }
    }

    #[test]
    fn a_line_without_columns_we_know_is_no_header() {
        for line in ["lena@example.com,Lena", "a,b,c", "Straße;Ort", "12", "\u{feff}", "Birthday,Notes"] {
            assert!(matches!(Header::sniff(line, Subject::Contacts), Err(ImportError::NoHeader { .. })), "{line}");
        }
    }

    #[test]
    fn every_name_stands_once_and_is_folded() {
        let mut seen = std::collections::BTreeSet::new();
        for name in NAMES.iter().flat_map(|(names, _)| names.split('|')) {
            assert_eq!(fold(name), name);
            assert!(seen.insert(name), "{name} stands twice");
        }
    }

    #[test]
    fn headers_of_programs() {
        let mail = |name: &str| Column::Email(name.to_owned());
        let phone = |name: &str| Column::Phone(name.to_owned());
        check(
            "Name,Given Name,Family Name,Group Membership,E-mail 1 - Type,E-mail 1 - Value,Organization 1 - Name,Organization 2 - Name,Address 1 - City",
            Dialect::Google,
            ',',
            &[
                (0, Column::Display),
                (1, Column::Given),
                (3, Column::Tags),
                (4, Column::Label("e-mail 1".to_owned())),
                (5, mail("e-mail 1")),
                (6, Column::Company),
                (7, Column::Ignored),
                (8, Column::AddressPart("address 1".to_owned(), Part::City)),
            ],
        );
        check(
            "First Name,Last Name,Organization Name,Organization Title,Labels,E-mail 1 - Label,E-mail 1 - Value,Phone 1 - Value",
            Dialect::Google,
            ',',
            &[(0, Column::Given), (2, Column::Company), (3, Column::JobTitle), (4, Column::Tags), (7, phone("phone 1"))],
        );
        check(
            "Title,First Name,Last Name,Company,E-mail Address,E-mail 2 Address,Business Phone,Business Street,Business Country/Region",
            Dialect::Outlook,
            ',',
            &[
                (0, Column::Ignored),
                (3, Column::Company),
                (4, mail("email 1")),
                (5, mail("email 2")),
                (6, phone("phone 1:work")),
                (7, Column::AddressPart("address work:work".to_owned(), Part::Street)),
                (8, Column::AddressPart("address work:work".to_owned(), Part::Country)),
            ],
        );
        check(
            "Anrede;Vorname;Nachname;Firma;Telefon geschäftlich;Straße geschäftlich;E-Mail-Adresse;E-Mail 2: Adresse",
            Dialect::Outlook,
            ';',
            &[
                (1, Column::Given),
                (3, Column::Company),
                (4, phone("phone 1:work")),
                (5, Column::AddressPart("address work:work".to_owned(), Part::Street)),
                (7, mail("email 2")),
            ],
        );
        check(
            "Nombre,Apellidos,Organización,Teléfono del trabajo,Dirección de correo electrónico,Código postal del trabajo",
            Dialect::Outlook,
            ',',
            &[(0, Column::Given), (1, Column::Family), (2, Column::Company), (5, Column::AddressPart("address work:work".to_owned(), Part::Code))],
        );
        check(
            "sep=;\nName;Title;E-Mail;Stadt",
            Dialect::Other,
            ';',
            &[(1, Column::JobTitle), (2, mail("email 1")), (3, Column::AddressPart("address bare".to_owned(), Part::City))],
        );
        // Beside first names, and with nothing else for last names, `Name` is the last name; whole names are told by the rows.
        for header in ["Name;Vorname;Telefon", "Name;Vorname;Telefon\nMüller;Anna;1\nThomas;Thomas;2", "Name;Vorname;Telefon\nMeier;;\n;Eva;"] {
            check(header, Dialect::Other, ';', &[(0, Column::Family), (1, Column::Given)]);
        }
        check("Name,First Name,Email\nLena Brandt,Lena,\n\"Silva, Ana-María\",ana,\nBob,Robert,", Dialect::Other, ',', &[(0, Column::Display)]);
        check("Name;Vorname;Nachname;Telefon", Dialect::Other, ';', &[(0, Column::Display), (2, Column::Family)]);
        check("Name;Vorname;E-Mail-Adresse;Mobiltelefon", Dialect::Outlook, ';', &[(0, Column::Family)]);
        check("Full name;Name;Vorname", Dialect::Other, ';', &[(0, Column::Display), (1, Column::Family)]);
        check("Full name;First name", Dialect::Other, ';', &[(0, Column::Display)]);
        check("full name\tEMAIL\tphone", Dialect::Other, '\t', &[(0, Column::Display), (1, mail("email 1"))]);
    }
}
