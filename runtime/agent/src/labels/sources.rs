//! Whether a name is said as what something is taken from, and not as what is written into.

/// Words behind which something is named as what is taken from.
const FROM: &[&str] = &[
    "from",
    "using",
    "per",
    "aus",
    "laut",
    "gemäß",
    "anhand",
    "mithilfe",
    "mittels",
    "grundlage",
    "basis",
    "aufgrund",
    "entsprechend",
    "desde",
    "según",
    "mediante",
    "indica",
];

/// Words that say so only behind another: "based on", "auf Grundlage von", "de acuerdo con".
const BEHIND: &[(&str, &[&str])] = &[
    ("on", &["based", "relying", "building"]),
    ("to", &["according"]),
    ("of", &["out", "basis"]),
    ("with", &["accordance", "line"]),
    ("in", &["mentioned", "listed", "given", "stated", "specified", "described", "steht", "stehen", "genannt", "genannten", "angegeben", "beschrieben"]),
    ("auf", &["basierend", "gestützt"]),
    ("von", &["grundlage", "basis", "hilfe"]),
    ("en", &["basado", "basada", "basados", "basadas", "basándote", "base", "mencionado", "mencionada", "indicado", "indicada", "dice"]),
    ("con", &["acuerdo"]),
    ("de", &["partir"]),
    ("del", &["partir"]),
];

/// Words that say so where the same clause names another thing as well, or says behind it where to: "the sum of this to that".
const OF: &[&str] = &["of", "von", "vom", "de", "del"];

/// Places in a text: "at the end of plan.txt" is where something is put.
const PLACES: &[&str] = &["end", "bottom", "top", "beginning", "ende", "anfang", "schluss", "final", "principio"];
/// What stands before such a place.
const AT: &[&str] = &["at", "to", "on", "in", "into", "an", "am", "ans", "zum", "al", "a", "en"];
/// What may stand between these two.
const ARTICLES: &[&str] = &["the", "very", "das", "den", "dem", "el"];
/// What stands before them where something is there already: "what is at the end of plan.txt".
const IS: &[&str] = &["what", "that", "is", "are", "stands", "was", "hay", "está", "están"];

/// Words for where to.
const TO: &[&str] = &["to", "into", "in", "zu", "zum", "zur", "a", "al", "en"];

/// What may stand between such a word and a name.
const BETWEEN: &[&str] = &[
    "the",
    "a",
    "an",
    "my",
    "our",
    "your",
    "his",
    "her",
    "their",
    "this",
    "that",
    "file",
    "document",
    "note",
    "list",
    "id",
    "attached",
    "enclosed",
    "old",
    "new",
    "latest",
    "last",
    "current",
    "other",
    "der",
    "die",
    "das",
    "dem",
    "den",
    "des",
    "einer",
    "einem",
    "meiner",
    "meinem",
    "unserer",
    "unserem",
    "datei",
    "dokument",
    "dokuments",
    "liste",
    "angehängten",
    "beigefügten",
    "alten",
    "neuen",
    "letzten",
    "aktuellen",
    "anderen",
    "el",
    "la",
    "los",
    "las",
    "un",
    "una",
    "mi",
    "nuestro",
    "nuestra",
    "archivo",
    "documento",
    "lista",
    "adjunto",
    "adjunta",
    "antiguo",
    "antigua",
    "viejo",
    "vieja",
    "nuevo",
    "nueva",
    "otro",
    "otra",
];

/// Who takes something away changes what it is taken from.
const TAKE_AWAY: &[&str] = &[
    "remove",
    "removed",
    "delete",
    "deleted",
    "strike",
    "erase",
    "drop",
    "streich",
    "streiche",
    "streichen",
    "gestrichen",
    "entfern",
    "entferne",
    "entfernen",
    "entfernt",
    "lösch",
    "lösche",
    "löschen",
    "gelöscht",
    "elimina",
    "eliminar",
    "quita",
    "quitar",
    "borra",
    "borrar",
    "tacha",
    "tachar",
    "suprime",
    "suprimir",
];

/// Who changes something changes what it is of.
const CHANGE: &[&str] = &[
    "change",
    "update",
    "edit",
    "correct",
    "rename",
    "set",
    "ändere",
    "ändern",
    "aktualisiere",
    "aktualisieren",
    "korrigiere",
    "korrigieren",
    "benenne",
    "setze",
    "cambia",
    "cambiar",
    "actualiza",
    "actualizar",
    "edita",
    "editar",
    "corrige",
    "corregir",
];

/// Words that put something elsewhere, or tell of what is there: what they come from stays as it is.
const PUT: &[&str] = &[
    "add",
    "append",
    "copy",
    "put",
    "write",
    "insert",
    "that",
    "which",
    "come",
    "comes",
    "taken",
    "ergänze",
    "ergänzen",
    "füge",
    "kopiere",
    "kopieren",
    "schreib",
    "schreibe",
    "schreiben",
    "trage",
    "übernimm",
    "übernehmen",
    "stammt",
    "kommt",
    "añade",
    "añadir",
    "agrega",
    "agregar",
    "copia",
    "copiar",
    "escribe",
    "escribir",
    "que",
];

/// How much before and behind a name is read, in bytes: a name may stand in a long text as often as it fits in.
const NEAR: usize = 300;

/// Whether these folded words name this, wherever they do, as what something is taken from: "from plan.txt", "laut der Datei plan.txt".
pub(super) fn is_source(said: [&str; 2], phrase: &str) -> bool {
    let stem = phrase.rsplit_once('.').map(|(stem, _)| stem).filter(|stem| stem.chars().count() >= 3);
    let is_said = said.iter().any(|said| said.contains(phrase));
    let phrase = stem.filter(|_| !is_said).unwrap_or(phrase);
    let mut all = around(said, phrase).map(|(before, after)| is_taken_from(before, after)).peekable();
    all.peek().is_some() && all.all(|one| one)
}

/// What stands right before and right behind a name, wherever it stands.
fn around<'a>(said: [&'a str; 2], phrase: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
    said.into_iter().flat_map(move |said| {
        said.match_indices(phrase).map(move |(at, _)| {
            let (before, after) = (said.get(..at).unwrap_or_default(), said.get(at + phrase.len()..).unwrap_or_default());
            let (from, to) = (before.len().saturating_sub(NEAR), after.len().min(NEAR));
            // A letter has up to four bytes.
            let before = (from..from + 4).find_map(|from| before.get(from..));
            let after = (0..4).find_map(|less| after.get(..to.checked_sub(less)?));
            (before.unwrap_or_default(), after.unwrap_or_default())
        })
    })
}

/// Whether what stands between these two is what something is taken from.
fn is_taken_from(before: &str, after: &str) -> bool {
    let (clause, rest) = (last_clause(before), first_clause(after));
    let mut said = words(clause).rev().skip_while(|word| BETWEEN.contains(word));
    let Some(last) = said.next() else { return false };
    let previous = said.next();
    let has = |list: &[&str]| words(clause).any(|word| list.contains(&word));
    let is_taken_away = (has(TAKE_AWAY) || words(rest).any(|word| TAKE_AWAY.contains(&word))) && !has(PUT);
    if FROM.contains(&last) || BEHIND.iter().any(|(word, behind)| *word == last && previous.is_some_and(|previous| behind.contains(&previous))) {
        return !is_taken_away;
    }
    let goes_to = words(rest).next().is_some_and(|word| TO.contains(&word));
    let mut said = said.skip_while(|word| ARTICLES.contains(word));
    let is_place = previous.is_some_and(|word| PLACES.contains(&word)) && said.next().is_some_and(|word| AT.contains(&word));
    let is_put_there = is_place && !said.next().is_some_and(|word| IS.contains(&word)) && !(goes_to && names_a_file(rest));
    OF.contains(&last) && !is_taken_away && !is_put_there && (names_a_file(clause) || goes_to && !has(CHANGE))
}

fn words(text: &str) -> impl DoubleEndedIterator<Item = &str> {
    text.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty())
}

/// Whether a word has a full stop between letters, and is no address.
fn names_a_file(text: &str) -> bool {
    let is_file = |word: &str| word.split_once('.').is_some_and(|(stem, end)| stem.ends_with(char::is_alphanumeric) && end.starts_with(char::is_alphanumeric));
    text.split_whitespace().any(|word| !word.contains('@') && is_file(word))
}

/// What ends a clause.
const ENDS: &[&str] = &[". ", "! ", "? ", "; ", " and ", " then ", " und ", " dann ", " y ", " luego "];

fn last_clause(text: &str) -> &str {
    let at = ENDS.iter().filter_map(|end| text.rfind(end).map(|at| at + end.len())).max().unwrap_or_default();
    text.get(at..).unwrap_or_default()
}

fn first_clause(text: &str) -> &str {
    let at = ENDS.iter().filter_map(|end| text.find(end)).min().unwrap_or(text.len());
    text.get(..at).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::text::folded;
    use super::*;

    #[test]
    fn what_something_is_taken_from_is_not_what_is_written_into() {
        for said in [
            "Add what matters from wages.txt to plan.txt",
            "Add what matters from the attached 'wages.txt' to plan.txt",
            "Add what matters, based on 'wages.txt', to plan.txt",
            "Add to plan.txt what is listed in wages.txt",
            "Add the sum of wages.txt to plan.txt",
            "Update plan.txt with the sum of wages.txt",
            "Update plan.txt from the old wages.txt",
            "Remove Olga from plan.txt and add what matters from wages.txt",
            "Remove from plan.txt what does not come from wages.txt",
            "Ergänze plan.txt laut der Datei wages.txt",
            "Ergänze plan.txt anhand der Datei wages.txt",
            "Ergänze plan.txt auf Grundlage von wages.txt",
            "Ergänze plan.txt auf Grundlage der angehängten wages.txt",
            "Ergänze plan.txt basierend auf wages.txt",
            "Ergänze plan.txt um den Betrag von wages.txt",
            "Füge den Betrag von wages.txt in plan.txt ein",
            "Añade lo que importa de wages.txt a plan.txt",
            "Completa plan.txt a partir de wages.txt",
            "Completa plan.txt de acuerdo con wages.txt",
            "Completa plan.txt basado en el archivo wages.txt",
            "Add to plan.txt what is at the end of wages.txt",
            "Add the end of wages.txt to plan.txt",
            "Add the total at the bottom of wages.txt to plan.txt",
            "Ergänze plan.txt um das, was am Ende von wages.txt steht",
        ] {
            assert!(is_source([&folded(said), ""], "wages.txt"), "{said}");
            assert!(is_source(["", &folded(said)], "wages.txt"), "{said}: said before");
        }
    }

    #[test]
    fn of_a_long_text_only_what_is_near_a_name_is_read() {
        for text in ["plan.txt ".repeat(29_000), "ä plan.txt 💶".repeat(17_000), format!("{}plan.txt{}", "ä".repeat(120_000), "€".repeat(5_000))] {
            let read: Vec<(&str, &str)> = around([&text, ""], "plan.txt").collect();
            assert_eq!(read.len(), text.matches("plan.txt").count());
            assert!(read.iter().all(|(before, after)| before.len() <= NEAR && after.len() <= NEAR));
            let (before, after) = read[read.len() / 2];
            assert!(text.contains(&format!("{before}plan.txt{after}")), "{before}|{after}");
        }
        let far = |count: usize| format!("add what matters from {}plan.txt to notes.txt", "the ".repeat(count));
        assert!(is_source([&far(10), ""], "plan.txt"));
        assert!(!is_source([&far(100), ""], "plan.txt"));
    }

    #[test]
    fn who_takes_something_away_changes_what_it_is_taken_from() {
        for said in [
            "Remove the second line from plan.txt",
            "Please delete Olga from the file plan.txt.",
            "Streiche Olga aus plan.txt",
            "Kannst du Olga aus plan.txt entfernen?",
            "Lösche die zweite Zeile aus der Datei plan.txt",
            "Quita a Olga de plan.txt",
            "Take what matters from wages.txt and remove the rest from plan.txt",
            "Change the title of plan.txt to 'Plan B'",
            "Ändere den Titel von plan.txt",
            "Cambia el título de plan.txt a 'Plan B'",
            "Añade una línea al final de plan.txt",
            "Put lena@x.example at the end of plan.txt",
            "Put lena@x.example on top of plan.txt",
            "Put lena@x.example on the list of plan.txt",
            "Add a line at the end of plan.txt to thank Max",
            "Add the total of wages.txt at the end of plan.txt",
            "Schreib lena@x.example an den Anfang von plan.txt",
            "Ergänze den Betrag aus wages.txt am Ende von plan.txt",
            "Añade el total de wages.txt al final de plan.txt",
            "Add 'Hello there' in plan.txt",
            "Take a look at the file plan.txt, and add more",
            "Add what matters from wages.txt to plan.txt",
            "Take a list from plan.txt. Then add more to plan.txt",
        ] {
            assert!(!is_source([&folded(said), ""], "plan.txt"), "{said}");
        }
    }
}
