//! What a message says, in four languages: that something waits, the tool's name, until when, and where to look. Nothing else.

use crate::site::Site;
use steward_store::notice::{DueRow, Matter};
use time::UtcOffset;
use time::macros::format_description;

/// The longest name of a tool that is said, in letters.
const TOOL_LETTERS_MAX: usize = 100;
/// What keeps a name or a time in its own direction between words of the other.
const ISOLATED: (char, char) = ('\u{2066}', '\u{2069}');

/// The words of one message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Words {
    /// Of which language.
    pub(crate) language: &'static str,
    /// `rtl` or `ltr`.
    pub(crate) direction: &'static str,
    /// In one line.
    pub(crate) subject: String,
    /// What waits, and until when.
    pub(crate) said: Vec<String>,
    /// Before the link.
    pub(crate) look: &'static str,
    /// Where to look, below the public address.
    pub(crate) path: String,
    /// The whole address.
    pub(crate) link: String,
    /// Why the reader gets this, before the settings' address.
    pub(crate) because: &'static str,
    /// Where they say how they are told.
    pub(crate) settings: String,
}

/// The sentences of one language; `{}` stands for the tool, or the time.
struct Language {
    name: &'static str,
    direction: &'static str,
    waits: &'static str,
    hold: &'static str,
    hold_of: &'static str,
    budget: &'static str,
    change: &'static str,
    until: &'static str,
    look: &'static str,
    because: &'static str,
    test: &'static str,
    tested: &'static str,
}

const ENGLISH: Language = Language {
    name: "en",
    direction: "ltr",
    waits: "Something waits for your decision",
    hold: "An action waits until somebody decides.",
    hold_of: "An action of the tool {} waits until somebody decides.",
    budget: "A run waits: a budget has no room.",
    change: "A proposed change of what governs waits for approval.",
    until: "It waits until {}.",
    look: "Look at it and decide:",
    because: "You get this because you may decide on it. How you are told is in your settings:",
    test: "A test of Steward",
    tested: "You asked for this test. Messages reach you here; nothing waits.",
};

const SPANISH: Language = Language {
    name: "es",
    direction: "ltr",
    waits: "Algo espera su decisión",
    hold: "Una acción espera hasta que alguien decida.",
    hold_of: "Una acción de la herramienta {} espera hasta que alguien decida.",
    budget: "Una ejecución espera: un presupuesto no tiene margen.",
    change: "Un cambio propuesto de lo que gobierna espera aprobación.",
    until: "Espera hasta {}.",
    look: "Mírela y decida:",
    because: "Recibe este aviso porque puede decidir. Cómo se le avisa está en sus ajustes:",
    test: "Una prueba de Steward",
    tested: "Usted pidió esta prueba. Los avisos le llegan aquí; nada espera.",
};

const ARABIC: Language = Language {
    name: "ar",
    direction: "rtl",
    waits: "هناك ما ينتظر قرارك",
    hold: "إجراء ينتظر حتى يقرر أحد.",
    hold_of: "إجراء للأداة {} ينتظر حتى يقرر أحد.",
    budget: "عملية تشغيل تنتظر: لا متسع في الميزانية.",
    change: "تغيير مقترح في القواعد الحاكمة ينتظر الموافقة.",
    until: "ينتظر حتى {}.",
    look: "انظر فيه وقرر:",
    because: "تصلك هذه الرسالة لأن لك أن تقرر. طريقة إخبارك في إعداداتك:",
    test: "اختبار من Steward",
    tested: "أنت طلبت هذا الاختبار. الرسائل تصلك هنا؛ ولا شيء ينتظر.",
};

const NEPALI: Language = Language {
    name: "ne",
    direction: "ltr",
    waits: "तपाईंको निर्णय पर्खिरहेको छ",
    hold: "कसैले निर्णय नगरेसम्म एउटा कार्य पर्खिन्छ।",
    hold_of: "कसैले निर्णय नगरेसम्म उपकरण {} को एउटा कार्य पर्खिन्छ।",
    budget: "एउटा सञ्चालन पर्खिरहेको छ: बजेटमा ठाउँ छैन।",
    change: "शासन गर्ने कुराको प्रस्तावित परिवर्तन स्वीकृति पर्खिरहेको छ।",
    until: "यो {} सम्म पर्खिन्छ।",
    look: "हेर्नुहोस् र निर्णय गर्नुहोस्:",
    because: "तपाईं यसमा निर्णय गर्न सक्नुहुन्छ, त्यसैले यो सन्देश पाउनुभयो। कसरी जानकारी पाउने भन्ने तपाईंको सेटिङमा छ:",
    test: "Steward को परीक्षण",
    tested: "तपाईंले यो परीक्षण माग्नुभएको थियो। सन्देश यहाँ आइपुग्छ; केही पर्खिरहेको छैन।",
};

/// The words of a message, in a language or else in English.
pub(crate) fn of(language: &str, due: &DueRow, site: &Site) -> Words {
    let in_it = [&SPANISH, &ARABIC, &NEPALI].into_iter().find(|one| one.name == language).unwrap_or(&ENGLISH);
    let until = || in_it.until.replace("{}", &isolated(&stamp(due.expires_at)));
    let (subject, said, path) = match due.matter {
        Matter::Hold(id) => {
            let tool = due.tool.as_deref().map(plain).filter(|tool| !tool.is_empty());
            let hold = tool.map_or_else(|| in_it.hold.to_owned(), |tool| in_it.hold_of.replace("{}", &isolated(&tool)));
            (in_it.waits, vec![hold, until()], format!("/holds/{id}"))
        }
        Matter::BudgetHold(_) => (in_it.waits, vec![in_it.budget.to_owned(), until()], "/budgets".to_owned()),
        Matter::Change(id) => (in_it.waits, vec![in_it.change.to_owned()], format!("/changes/{id}")),
        Matter::Test(_) => (in_it.test, vec![in_it.tested.to_owned()], "/settings".to_owned()),
    };
    Words {
        language: in_it.name,
        direction: in_it.direction,
        subject: subject.to_owned(),
        said,
        look: in_it.look,
        link: format!("{}{path}", site.public_url()),
        path,
        because: in_it.because,
        settings: format!("{}/settings", site.public_url()),
    }
}

/// A tool's name as names are: whatever else stands in it is not said.
fn plain(tool: &str) -> String {
    tool.chars().filter(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '_' | '-')).take(TOOL_LETTERS_MAX).collect()
}

fn isolated(text: &str) -> String {
    format!("{}{text}{}", ISOLATED.0, ISOLATED.1)
}

fn stamp(at: time::OffsetDateTime) -> String {
    at.to_offset(UtcOffset::UTC).format(format_description!("[year]-[month]-[day] [hour]:[minute] UTC")).unwrap_or_default()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use steward_core::{BudgetHoldId, GovernanceChangeId, HoldId, NoticeId, PersonId};
    use time::macros::datetime;
    use uuid::Uuid;

    /// A message of a held action.
    pub(crate) fn due() -> DueRow {
        DueRow {
            notice_id: NoticeId::from_uuid(Uuid::from_u128(1)),
            person: PersonId::from_uuid(Uuid::from_u128(2)),
            email: "ben@home.example".to_owned(),
            language: None,
            matter: Matter::Hold(HoldId::from_uuid(Uuid::from_u128(3))),
            tool: Some("mail.send".to_owned()),
            expires_at: datetime!(2026-03-04 09:00 UTC),
            tries: 1,
            browser: None,
        }
    }

    fn site() -> Site {
        Site::new("https://steward.example", false).expect("a site")
    }

    #[test]
    fn every_language_says_the_same_and_nothing_of_what_is_done() {
        for language in steward_office::notices::LANGUAGES {
            let words = of(language, &due(), &site());
            assert_eq!((words.language, words.direction), (language, if language == "ar" { "rtl" } else { "ltr" }));
            let said = words.said.join(" ");
            assert!(said.contains("\u{2066}mail.send\u{2069}") && said.contains("\u{2066}2026-03-04 09:00 UTC\u{2069}") && !said.contains("{}"), "{said}");
            assert_eq!(words.link, "https://steward.example/holds/hold_00000000000000000000000003");
            for (matter, path) in [
                (Matter::BudgetHold(BudgetHoldId::from_uuid(Uuid::from_u128(4))), "/budgets"),
                (Matter::Change(GovernanceChangeId::from_uuid(Uuid::from_u128(5))), "/changes/change_00000000000000000000000005"),
                (Matter::Test(NoticeId::from_uuid(Uuid::from_u128(6))), "/settings"),
            ] {
                let other = of(language, &DueRow { matter, ..due() }, &site());
                assert_eq!(other.path, path);
                assert!(!other.said.join(" ").contains("mail.send") && !other.subject.is_empty());
            }
        }
        assert_eq!(of("fr", &due(), &site()).language, "en", "who reads another language reads English");
    }

    #[test]
    fn a_tools_name_is_a_name_and_nothing_else() {
        let named = |tool: &str| of("en", &DueRow { tool: Some(tool.to_owned()), ..due() }, &site()).said.join(" ");
        assert!(named("x\r\nBcc: a@b.example").contains("\u{2066}xBccab.example\u{2069}"));
        assert!(named("<b>\u{202e}").contains("\u{2066}b\u{2069}"));
        assert!(named("\u{202e}\u{1f4a9}").contains("An action waits until"));
        assert!(named(&"a".repeat(500)).len() < 300);
    }
}
