//! The text of a mail message: who wrote to whom, when and about what, then what it says. Attachments are named and not read.

use super::error::DocumentError;
use super::html;
use mail_parser::{Address, MessageParser, MimeHeaders, PartType};
use std::fmt::Write as _;

/// The most receivers that are named.
const RECEIVERS_MAX: usize = 50;

/// The text of a message.
pub(super) fn text(bytes: &[u8]) -> Result<String, DocumentError> {
    let message = MessageParser::default().parse(bytes).filter(|message| message.from().is_some() || message.subject().is_some()).ok_or(DocumentError::Mail)?;
    let mut out = String::new();
    let mut line = |name: &str, value: Option<String>| {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            let _ = writeln!(out, "{name}: {value}");
        }
    };
    line("From", message.from().map(people));
    line("To", message.to().map(people));
    line("Date", message.date().map(mail_parser::DateTime::to_rfc3339));
    line("Subject", message.subject().map(str::to_owned));
    for attachment in message.attachments() {
        line("Attachment, not read", Some(attachment.attachment_name().unwrap_or("without a name").to_owned()));
    }
    out.push('\n');
    for part in message.text_body.iter().filter_map(|at| message.parts.get(usize::try_from(*at).unwrap_or(usize::MAX))) {
        match &part.body {
            PartType::Text(text) => out.push_str(text),
            PartType::Html(page) => out.push_str(&html::text(page)?),
            PartType::Binary(_) | PartType::InlineBinary(_) | PartType::Message(_) | PartType::Multipart(_) => {}
        }
        out.push('\n');
    }
    if out.contains('\0') { Err(DocumentError::Nul) } else { Ok(out) }
}

fn people(address: &Address<'_>) -> String {
    let each = address.iter().take(RECEIVERS_MAX).map(|one| match (one.name(), one.address()) {
        (Some(name), Some(address)) => format!("{name} <{address}>"),
        (None, Some(address)) => address.to_owned(),
        (Some(name), None) => name.to_owned(),
        (None, None) => String::new(),
    });
    each.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_its_head_and_its_words() {
        assert_eq!(text(b"just some words"), Err(DocumentError::Mail));
        let message = b"From: Lena Petrova <lena@partner.example>\r\nTo: owner@test.example\r\nSubject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=\r\n\
            MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n\
            <p>Dear <b>Ada</b>,<script>alert(1)</script></p><p>see you.</p>\r\n--b\r\nContent-Type: application/pdf; name=plan.pdf\r\n\
            Content-Disposition: attachment; filename=plan.pdf\r\n\r\nxxxx\r\n--b--\r\n";
        let text = text(message).expect("a message");
        assert!(text.starts_with("From: Lena Petrova <lena@partner.example>\nTo: owner@test.example\nSubject: Gr\u{fc}\u{df}e\n"), "{text}");
        assert!(text.contains("Attachment, not read: plan.pdf") && text.contains("Dear Ada,") && !text.contains("alert"), "{text}");
    }
}
