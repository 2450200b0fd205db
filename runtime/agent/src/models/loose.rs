//! A text that endpoints write in more than one way.

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// A string; null or missing, which is empty; parts with a `text` each, which are joined; anything else is its own JSON.
///
/// The last is how some endpoints write arguments; the others are ways of writing content.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Loose(String);

impl Loose {
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Loose {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(LooseVisitor)
    }
}

struct LooseVisitor;

impl<'de> Visitor<'de> for LooseVisitor {
    type Value = Loose;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, its parts, or an object")
    }

    fn visit_str<E>(self, text: &str) -> Result<Loose, E> {
        Ok(Loose(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Loose, E> {
        Ok(Loose(text))
    }

    fn visit_unit<E>(self) -> Result<Loose, E> {
        Ok(Loose::default())
    }

    fn visit_bool<E>(self, value: bool) -> Result<Loose, E> {
        Ok(Loose(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Loose, E> {
        Ok(Loose(value.to_string()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Loose, E> {
        Ok(Loose(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Loose, E> {
        Ok(Loose(value.to_string()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Loose, A::Error> {
        let mut text = String::new();
        while let Some(part) = parts.next_element::<Part>()? {
            text.push_str(&part.0);
        }
        Ok(Loose(text))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Loose, A::Error> {
        let object = serde_json::Map::deserialize(serde::de::value::MapAccessDeserializer::new(map))?;
        Ok(Loose(serde_json::Value::Object(object).to_string()))
    }
}

/// One part: a string, or an object whose `text` counts. Parts of other kinds (reasoning, images) say nothing.
struct Part(String);

impl<'de> Deserialize<'de> for Part {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct PartVisitor;
        impl<'de> Visitor<'de> for PartVisitor {
            type Value = Part;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a part of a text")
            }

            fn visit_str<E>(self, text: &str) -> Result<Part, E> {
                Ok(Part(text.to_owned()))
            }

            fn visit_unit<E>(self) -> Result<Part, E> {
                Ok(Part(String::new()))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Part, A::Error> {
                let mut text = String::new();
                while let Some(key) = map.next_key::<String>()? {
                    match key.as_str() {
                        "text" | "refusal" => text.push_str(map.next_value::<Loose>()?.as_str()),
                        _ => drop(map.next_value::<IgnoredAny>()?),
                    }
                }
                Ok(Part(text))
            }
        }
        from.deserialize_any(PartVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_of_writing_a_text_is_read() {
        let check = |json: &str, expect: &str| assert_eq!(serde_json::from_str::<Loose>(json).expect(json).as_str(), expect);
        check(r#""a""#, "a");
        check(r#""a\nb""#, "a\nb");
        check("null", "");
        check("[]", "");
        check(r#"[{"type":"text","text":"a"},{"type":"image_url","image_url":{}},{"type":"text","text":"b"},"c",null]"#, "abc");
        check(r#"[{"type":"refusal","refusal":"no"}]"#, "no");
        check(r#"{"a":{"b":[1]}}"#, r#"{"a":{"b":[1]}}"#);
        check("7", "7");
        check("true", "true");
        assert!(serde_json::from_str::<Loose>("[[1]]").is_err());
    }
}
