//! The contract's types as JSON, read by the browser's own parser: one that is downloaded, with the
//! words for what may be wrong in a text, would weigh more than all pages that need an answer.

use std::{fmt, vec};

use js_sys::{Array, JSON, Object};
use leptos::wasm_bindgen::{JsCast, JsValue};
use serde::{
    Serialize,
    de::{
        self, DeserializeOwned, Deserializer, IntoDeserializer, Visitor,
        value::{MapAccessDeserializer, MapDeserializer, SeqDeserializer},
    },
    forward_to_deserialize_any,
};

/// A form as JSON; `None` for what JSON cannot hold.
pub(crate) fn encode(form: &impl Serialize) -> Option<String> {
    serde_json::to_string(form).ok()
}

/// An answer out of its JSON; `None` for any other text.
pub(crate) fn decode<Answer: DeserializeOwned>(text: &str) -> Option<Answer> {
    Answer::deserialize(Value(JSON::parse(text).ok()?)).ok()
}

/// What a parsed text holds: texts, switches, whole numbers from 0, lists, and objects, which is all
/// that the contract is made of.
struct Value(JsValue);

/// A text is not of the form that was asked for. Nobody reads why, so no words are kept for it.
#[derive(Debug)]
struct Unreadable;

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("unreadable")
    }
}

impl std::error::Error for Unreadable {}

impl de::Error for Unreadable {
    fn custom<Reason: fmt::Display>(_: Reason) -> Self {
        Self
    }
}

impl Value {
    fn items(&self) -> Option<vec::IntoIter<Value>> {
        let items: Vec<_> = self.0.dyn_ref::<Array>()?.iter().map(Value).collect();
        Some(items.into_iter())
    }

    fn fields(&self) -> Option<vec::IntoIter<(String, Value)>> {
        let entries = Object::entries(self.0.dyn_ref::<Object>()?);
        let field = |entry: JsValue| {
            let entry: Array = entry.unchecked_into();
            (entry.get(0).as_string().unwrap_or_default(), Value(entry.get(1)))
        };
        let fields: Vec<_> = entries.iter().map(field).collect();
        Some(fields.into_iter())
    }
}

impl IntoDeserializer<'_, Unreadable> for Value {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for Value {
    type Error = Unreadable;

    // Each method visits in one way, so that of the many that `serde` derives the others are not
    // compiled.
    fn deserialize_any<V: Visitor<'de>>(self, _visitor: V) -> Result<V::Value, Unreadable> {
        Err(Unreadable)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        visitor.visit_bool(self.0.as_bool().ok_or(Unreadable)?)
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "the cast saturates"
        )]
        visitor.visit_u64(self.0.as_f64().ok_or(Unreadable)? as u64)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        visitor.visit_string(self.0.as_string().ok_or(Unreadable)?)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        visitor.visit_seq(SeqDeserializer::new(self.items().ok_or(Unreadable)?))
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        visitor.visit_map(MapDeserializer::new(self.fields().ok_or(Unreadable)?))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unreadable> {
        self.deserialize_map(visitor)
    }

    fn deserialize_u16<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        self.deserialize_u64(visitor)
    }

    fn deserialize_u32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        self.deserialize_u64(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        if self.0.is_null() {
            visitor.visit_none()
        } else {
            visitor.visit_some(self)
        }
    }

    /// `"Variant"`, or `{"Variant":…}`.
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unreadable> {
        if let Some(variant) = self.0.as_string() {
            return visitor.visit_enum(variant.into_deserializer());
        }
        let fields = self.fields().ok_or(Unreadable)?;
        visitor.visit_enum(MapAccessDeserializer::new(MapDeserializer::new(fields)))
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i64 i128 u8 u128 f32 f64 char str bytes byte_buf unit unit_struct newtype_struct
        tuple tuple_struct identifier
    }
}
