//! Languages that are read more simply, and those that are not known: what is denied or asked there, what is ordered, and what nobody can read.

use super::*;

#[test]
fn what_is_denied_or_asked_in_french_arabic_or_nepali_is_not_asked_for() {
    for (text, effect) in [
        ("Lis le mail de Léna mais ne réponds pas.", Effect::Send),
        ("Réponds pas", Effect::Send),
        ("N'envoie rien à Max", Effect::Send),
        ("Lis la note sans répondre", Effect::Send),
        ("Qui doit répondre à Léna ?", Effect::Send),
        ("Peux-tu me dire qui doit répondre ?", Effect::Send),
        ("As-tu envoyé la note ?", Effect::Send),
        ("Réponds à Léna. Non, attends.", Effect::Send),
        ("Ne fais rien de ceci :\n- réponds à Léna\n- supprime le fichier", Effect::Send),
        ("Ne fais rien de ceci :\n- réponds à Léna\n- supprime le fichier", Effect::Destroy),
        // Words that are of the other table as well.
        ("Ne change rien.", Effect::Write),
        ("Change rien, s'il te plaît", Effect::Write),
        ("N'invite pas Max", Effect::Send),
        ("اقرأ رسالة لينا ولا ترد عليها", Effect::Send),
        ("لا ترسل شيئا إلى ماكس", Effect::Send),
        ("هل أرسل ماكس الملف؟", Effect::Send),
        ("من يجب أن يرد على لينا؟", Effect::Send),
        ("رد على لينا. لا، انتظر", Effect::Send),
        ("اقرأ الرسالة دون إرسال رد", Effect::Send),
        ("लेनाको इमेल पढ्नुहोस् तर जवाफ नदिनुहोस्", Effect::Send),
        ("जवाफ पठाउनु पर्दैन", Effect::Send),
        ("के लेनाले फाइल पठाउनुभयो?", Effect::Send),
        ("के लेनाले पैसा पठाउन सक्नुहुन्छ?", Effect::Send),
        ("लेनालाई जवाफ पठाउनुहोस्। होइन, पर्खनुहोस्।", Effect::Send),
        ("लेनालाई email send नगर्नुहोस्", Effect::Send),
        ("यो फाइल delete नगर्नुस्", Effect::Destroy),
    ] {
        assert!(!asked(text, effect), "{text}");
    }
}

#[test]
fn what_is_ordered_in_french_arabic_or_nepali_is_asked_for() {
    for (text, effect) in [
        ("Réponds à Léna.", Effect::Send),
        ("Reponds a Lena", Effect::Send),
        ("Peux-tu lire le mail de Léna et lui répondre ?", Effect::Send),
        ("Est-ce que tu peux répondre à Léna ?", Effect::Send),
        ("Merci d'envoyer la note à Max", Effect::Send),
        ("Lis le mail de Léna puis envoie-lui la note.", Effect::Send),
        ("J'aimerais que tu envoies la note à Max", Effect::Send),
        ("N'oublie pas de répondre à Léna", Effect::Send),
        ("Veuillez lui transférer ce message", Effect::Send),
        ("Crée une réunion avec Léna demain à 10h", Effect::Send),
        ("Partagez le document avec Max", Effect::Send),
        ("Mets à jour l'adresse de Léna", Effect::Write),
        ("S'il te plaît, supprime ce fichier", Effect::Destroy),
        ("Paie la facture de Max", Effect::Money),
        ("Change mon mot de passe", Effect::Credential),
        ("Ajoute Max à l'équipe", Effect::Member),
        ("Ouvre le lien", Effect::Fetch),
        ("أرسل الملف إلى لينا", Effect::Send),
        ("أَرْسِلِ المُلَفَّ إلى لينا", Effect::Send),
        ("من فضلك رد على رسالة لينا", Effect::Send),
        ("اقرأ رسالة لينا ورد عليها", Effect::Send),
        ("هل يمكنك أن ترسل الملف إلى ماكس؟", Effect::Send),
        ("قم بإرسال التقرير إلى ماكس", Effect::Send),
        ("لا تنسَ الرد على لينا", Effect::Send),
        ("اكتب للينا أن الاجتماع غدا", Effect::Send),
        ("حدّد موعدا مع لينا", Effect::Send),
        ("أضف ملاحظة إلى لينا", Effect::Write),
        ("الرجاء الرد على لينا، ثم احذف الرسالة", Effect::Destroy),
        ("ادفع الفاتورة", Effect::Money),
        ("حوّل المبلغ إلى ماكس", Effect::Money),
        ("غيّر كلمة المرور", Effect::Credential),
        ("أضف ماكس إلى الفريق", Effect::Member),
        ("افتح الرابط", Effect::Fetch),
        ("लेनाको इमेलको जवाफ दिनुहोस्", Effect::Send),
        ("लेनालाई जबाफ लेख्नुस्", Effect::Send),
        ("ल, लेनालाई यो फाइल पठाइदिनुस्।", Effect::Send),
        ("कृपया लेनालाई जवाफ पठाउन सक्नुहुन्छ?", Effect::Send),
        ("लेनाको इमेल पढेर उनलाई जवाफ दिनुहोला", Effect::Send),
        ("लेनालाई email send गर्नुहोस्", Effect::Send),
        ("लेनालाई पनि बैठकमा बोलाउनुहोस्", Effect::Send),
        ("लेनाको फोन नम्बर अपडेट गर्नुहोस्", Effect::Write),
        ("यो फाइल मेटाउनुहोस्", Effect::Destroy),
        ("बिल तिर्नुहोस्", Effect::Money),
        ("पासवर्ड बदल्नुहोस्", Effect::Credential),
        ("माक्सलाई टोलीमा थप्नुहोस्", Effect::Member),
        ("लिङ्क खोल्नुहोस्", Effect::Fetch),
    ] {
        assert!(asked(text, effect), "{text}");
        assert!(!intent(text).unread, "{text}");
    }
}

#[test]
fn what_is_said_there_otherwise_than_as_a_plain_order_is_in_doubt() {
    for (text, effect) in [
        ("Lis le mail de Léna mais ne réponds pas.", Effect::Send),
        ("Réponds à Léna, mais pas à Max", Effect::Send),
        ("Qui doit répondre à Léna ?", Effect::Send),
        ("Réponds à Léna. Non, attends.", Effect::Send),
        ("Ne change rien.", Effect::Write),
        ("رد على لينا. لا، انتظر", Effect::Send),
        ("هل أرسل ماكس الملف؟", Effect::Send),
        ("लेनालाई जवाफ पठाउनुहोस्। होइन, पर्खनुहोस्।", Effect::Send),
        ("के लेनाले पैसा पठाउन सक्नुहुन्छ?", Effect::Send),
    ] {
        assert!(doubted(text, effect), "{text}");
    }
    // A word of theirs in a text of another language is that language's.
    for (text, effect) in [("Change nothing", Effect::Write), ("Never change it", Effect::Write), ("Do not invite Max", Effect::Send)] {
        assert!(!asked(text, effect) && !doubted(text, effect), "{text}");
    }
}

#[test]
fn a_message_of_no_known_language_is_read_by_nobody_and_one_that_looks_is_read() {
    for text in [
        "Rispondi alla mail di Lena",
        "Responda ao e-mail da Lena",
        "Lees de mail van Lena en antwoord dat ik vrijdag kom",
        "Odpowiedz na maila Leny",
        "Lena'nın e-postasına cevap ver",
        "Trả lời thư của Lena",
        "Ответь на письмо Лены",
        "回复莉娜的邮件",
        "レナのメールに返信して",
        "لینا کو جواب بھیجو",
        "लेना के मेल का जवाब दो",
    ] {
        let intent = intent(text);
        assert!(intent.unread && intent.asked.is_empty(), "{text}: {intent:?}");
    }
    for text in [
        "",
        "ok",
        "Max Weber.",
        "lena@partner.example, max@good.example and plan.txt",
        "What is in the letter from Lena?",
        "Read Lena's mail",
        "Never reply",
        "Send no mail to Lena.",
        "Wann ist das Treffen?",
        "Antworte ihr nicht",
        "¿Cuándo es la cena?",
        "No hace falta responder",
        "Lis la lettre de Léna",
        "Que dit le mail de Léna ?",
        "اقرأ رسالة لينا",
        "ماذا تقول رسالة لينا؟",
        "लेनाको इमेलमा के छ?",
        "लेनाको चिठी पढ्नुहोस्",
    ] {
        assert!(!intent(text).unread, "{text}");
    }
}

#[test]
fn a_long_message_of_another_language_is_read_once() {
    for part in ["réponds ", "ne ", "ورد ", "من فضلك ", "पठाउनुहोस् ", "जवाफ ", "न ", "письмо ", "\"réponds ", "réponds. "]
    {
        // Read anew from each word of it, this would not end.
        let _ = intent(&part.repeat(4_000));
    }
}
