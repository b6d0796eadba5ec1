//! The section `params`: what a param must be.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Reader, list};
use crate::diagnostic::{Span, suggest};
use crate::schema::{Field, ObjectType, StringType, Type, conform};
use crate::spec::params::{Nothing, Param};
use crate::spec::tree::Tree;
use crate::spec::yaml::{Entry, Node, NodeKind, ScalarValue};
use crate::value::Value;

const FIELDS: [&str; 11] = [
    "type",
    "default",
    "enum",
    "pattern",
    "minimum",
    "maximum",
    "items",
    "values",
    "properties",
    "description",
    "secret",
];
const TYPES: [&str; 7] = ["string", "integer", "number", "boolean", "list", "map", "object"];

impl Reader<'_> {
    pub(super) fn params(&mut self, node: &Node) -> BTreeMap<String, Param> {
        let mut params = BTreeMap::new();
        for entry in self.mapping(node, "`params`") {
            self.name(entry, "a param");
            let param = self.param(&entry.value, entry.key.span);
            params.insert(entry.key.text.to_string(), param);
        }
        params
    }

    fn param(&mut self, node: &Node, span: Span) -> Param {
        let before = self.diagnostics.len();
        let fields = self.mapping(node, "a param");
        let mut param = Param {
            ty: self.declared(fields, "a param", &FIELDS),
            default: None,
            description: String::new(),
            secret: false,
            span,
            sound: true,
        };
        for entry in fields {
            match &*entry.key.text {
                "description" => {
                    param.description = self.text(&entry.value, "`description`").unwrap_or_default();
                }
                "secret" => param.secret = self.boolean(&entry.value),
                _ => {}
            }
        }
        let default = fields.iter().find(|entry| &*entry.key.text == "default");
        param.default = default.and_then(|entry| self.param_default(&entry.value, &param.ty, param.secret));
        param.sound = self.diagnostics.len() == before;
        param
    }

    /// The type that the fields of a declaration state.
    fn declared(&mut self, fields: &[Entry], what: &str, known: &[&'static str]) -> Type {
        let stated = fields.iter().find(|entry| &*entry.key.text == "type");
        let mut ty = match stated {
            Some(entry) => self.type_name(&entry.value),
            None => implied(fields),
        };
        for entry in fields {
            match self.field(entry, fields, known, what) {
                Some("enum") => self.choices(&entry.value, &mut ty),
                Some("pattern") => self.pattern(&entry.value, &mut ty),
                Some(which @ ("minimum" | "maximum")) => self.bound(&entry.value, which, &mut ty),
                Some(which @ ("items" | "values")) => self.inner(entry, which, &mut ty),
                Some("properties") => self.properties(entry, &mut ty),
                _ => {}
            }
        }
        ty
    }

    fn type_name(&mut self, node: &Node) -> Type {
        let name = self.text(node, "`type`").unwrap_or_default();
        match name.as_str() {
            "string" => Type::String(StringType::default()),
            "integer" => Type::Integer { min: None, max: None },
            "number" => Type::number(),
            "boolean" => Type::Bool,
            "list" => Type::List(Box::new(Type::Any)),
            "map" | "object" => Type::Map(Box::new(Type::Any)),
            _ => {
                let near = suggest(&name, TYPES.iter().copied());
                let help = near.map_or_else(
                    || format!("the types are {}", list(&TYPES)),
                    |near| format!("did you mean `{near}`?"),
                );
                self.error("unknown-type", node.span, format!("there is no type `{name}`"), Some(help));
                Type::Any
            }
        }
    }

    fn choices(&mut self, node: &Node, ty: &mut Type) {
        let (NodeKind::Sequence(items), Type::String(rules)) = (&node.kind, ty) else {
            let help = "write `enum: [dev, prod]`, on a param of the type `string`".to_owned();
            return self.error("wrong-type", node.span, "`enum` lists the strings a string may be", Some(help));
        };
        rules.choices = items.iter().filter_map(|item| self.text(item, "a choice")).collect();
    }

    fn pattern(&mut self, node: &Node, ty: &mut Type) {
        let Type::String(rules) = ty else {
            let help = "leave it out, or make the param one of `type: string`".to_owned();
            return self.error("wrong-type", node.span, "`pattern` is for strings", Some(help));
        };
        let Some(text) = self.text(node, "`pattern`") else { return };
        match regex_lite::Regex::new(&text) {
            Ok(_) => rules.pattern = Some(text.into()),
            Err(error) => {
                let message = format!("`{text}` is no regular expression: {error}");
                let help = "write one such as `^[a-z][a-z0-9-]*$`, in single quotes".to_owned();
                self.error("bad-pattern", node.span, message, Some(help));
            }
        }
    }

    fn bound(&mut self, node: &Node, which: &str, ty: &mut Type) {
        let is_lower = which == "minimum";
        match (node.scalar_value(), ty) {
            (Some(ScalarValue::Int(bound)), Type::Integer { min, max }) => {
                *(if is_lower { min } else { max }) = i64::try_from(bound).ok();
            }
            (Some(ScalarValue::Int(bound)), Type::Number { min, max }) => {
                *(if is_lower { min } else { max }) = Some(bound as f64);
            }
            (Some(ScalarValue::Float(bound)), Type::Number { min, max }) => {
                *(if is_lower { min } else { max }) = Some(bound);
            }
            (_, ty) => {
                let help = format!("write `{which}: 1`, on a param of `type: integer`");
                let message = match ty {
                    Type::Number { .. } => format!("`{which}` bounds a number by a number"),
                    _ => format!("`{which}` bounds an integer by an integer"),
                };
                self.error("wrong-type", node.span, message, Some(help));
            }
        }
    }

    /// What is in a list or map.
    fn inner(&mut self, entry: &Entry, which: &'static str, ty: &mut Type) {
        let fits = match ty {
            Type::List(_) => which == "items",
            Type::Map(_) => which == "values",
            _ => false,
        };
        if !fits {
            return self.wrong_place(entry, which);
        }
        let fields = self.mapping(&entry.value, &format!("`{which}`"));
        let known = FIELDS.into_iter().filter(|field| !matches!(*field, "default" | "secret"));
        let declared = self.declared(fields, &format!("`{which}`"), &known.collect::<Vec<_>>());
        if let Type::List(inner) | Type::Map(inner) = ty {
            **inner = declared;
        }
    }

    fn wrong_place(&mut self, entry: &Entry, which: &str) {
        let wanted = match which {
            "items" => "list",
            "values" => "map",
            _ => "object",
        };
        let message = format!("`{which}` says what is in a {wanted}");
        let help = format!("leave it out, or make it one of `type: {wanted}`");
        self.error("wrong-type", entry.key.span, message.replace("a object", "an object"), Some(help));
    }

    /// The fields of an object.
    fn properties(&mut self, entry: &Entry, ty: &mut Type) {
        if !matches!(ty, Type::Map(_)) {
            return self.wrong_place(entry, "properties");
        }
        let mut fields = BTreeMap::new();
        for property in self.mapping(&entry.value, "`properties`") {
            let field = self.property(property);
            fields.insert(property.key.text.to_string(), field);
        }
        *ty = Type::Object(Arc::new(ObjectType { fields }));
    }

    /// A property that has no default must be given, unless it says otherwise.
    fn property(&mut self, entry: &Entry) -> Field {
        let what = format!("the property `{}`", entry.key.text);
        let entries = self.mapping(&entry.value, &what);
        let known = FIELDS.into_iter().filter(|field| *field != "secret").chain(["optional"]);
        let ty = self.declared(entries, &what, &known.collect::<Vec<_>>());
        let value = |name: &str| entries.iter().find(|entry| &*entry.key.text == name).map(|entry| &entry.value);
        let default = value("default").and_then(|node| self.param_default(node, &ty, false));
        let optional = value("optional").is_some_and(|node| self.boolean(node));
        let doc = value("description").and_then(|node| self.text(node, "`description`")).unwrap_or_default();
        let default = default.and_then(|value| value.to_driver_json());
        Field { required: default.is_none() && !optional, default, ..Field::required(ty, &doc) }
    }

    /// A default as its type has it; what is secret is in no message.
    fn param_default(&mut self, node: &Node, ty: &Type, is_secret: bool) -> Option<Value> {
        let tree = Tree::compile(node, ty, self.sources, self.diagnostics);
        let mut has_expression = false;
        tree.visit(&mut |_| has_expression = true);
        if has_expression {
            let help = "write the value itself; `${…}` may stand wherever the param is used".to_owned();
            self.error("expression", node.span, "a default is a plain value, without expressions", Some(help));
            return None;
        }
        // A default of null leaves the param out: it may be given, and is null otherwise.
        match tree.evaluate(&Nothing).ok()? {
            Value::Null => Some(Value::Null),
            value => match conform(&if is_secret { value.into_secret() } else { value }, ty) {
                Ok(value) => Some(value),
                Err(misfits) => {
                    for misfit in misfits {
                        let place = tree.locate(&misfit.path, false);
                        self.error(misfit.code, place, format!("`default`: {}", misfit.message), misfit.help);
                    }
                    None
                }
            },
        }
    }
}

/// The type of a declaration that names none: what its other fields speak of, else a string.
fn implied(fields: &[Entry]) -> Type {
    let has = |name: &str| fields.iter().any(|entry| &*entry.key.text == name);
    let default = fields.iter().find(|entry| &*entry.key.text == "default").map(|entry| &entry.value.kind);
    match default {
        Some(NodeKind::Sequence(_)) => Type::List(Box::new(Type::Any)),
        Some(NodeKind::Mapping(_)) => Type::Map(Box::new(Type::Any)),
        _ if has("items") => Type::List(Box::new(Type::Any)),
        _ if has("values") || has("properties") => Type::Map(Box::new(Type::Any)),
        _ => Type::String(StringType::default()),
    }
}
