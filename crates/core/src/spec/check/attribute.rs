//! What of a resource an expression names, and whether the field it feeds can take that.

use super::{CallTarget, Checker, Target, Within};
use crate::diagnostic::suggest;
use crate::expr::PathStep;
use crate::schema::{KindSchema, Type, with_article};
use crate::spec::document::list;
use crate::spec::tree::Mention;

impl Checker<'_> {
    /// Checks `vpc.id` and `public["a"].id` against the kind's outputs and properties.
    pub(super) fn attribute(&mut self, mention: &Mention, target: &Target, within: Within<'_>) {
        let (path, schema) = (mention.reference.path.as_slice(), &target.schema);
        let path = match (target.is_repeated, path.split_first()) {
            (false, _) => path,
            (true, Some((PathStep::Key(_) | PathStep::Each, rest))) => rest,
            (true, Some((PathStep::Field(name), _))) if schema.attribute(name).is_some() => {
                return self.forgotten_key(mention, name, target.key.as_deref(), within);
            }
            (true, Some((PathStep::Field(_), rest))) => rest,
            (true, None) => return,
        };
        match path.split_first() {
            Some((PathStep::Field(name), rest)) => match schema.attribute(name) {
                Some(field) => self.within(mention, &field.ty, name, rest),
                None => self.unknown_attribute(mention, name, rest.is_empty(), schema),
            },
            Some((PathStep::Key(_) | PathStep::Each, _)) if !target.is_repeated => {
                self.key_without_for_each(mention);
            }
            _ => {}
        }
    }

    /// Checks `network.vpc_id` and `api["blue"].url` against the module's outputs.
    pub(super) fn output_of(&mut self, mention: &Mention, target: &CallTarget, within: Within<'_>) {
        let Some(module) = &target.module else { return };
        let path = mention.reference.path.as_slice();
        let names: Vec<&str> = module.outputs.iter().map(|output| output.name.as_str()).collect();
        let path = match (target.is_repeated, path.split_first()) {
            (false, Some((PathStep::Key(_) | PathStep::Each, _))) => return self.key_without_for_each(mention),
            (true, Some((PathStep::Field(name), _))) if names.contains(&name.as_str()) => {
                return self.forgotten_key(mention, name, target.key.as_deref(), within);
            }
            (false, _) => path,
            (true, Some((_, rest))) => rest,
            (true, None) => return,
        };
        if let Some((PathStep::Field(name), rest)) = path.split_first()
            && !names.contains(&name.as_str())
        {
            let help = match (suggest(name, names.iter().copied()), module.names.get(name)) {
                (Some(near), _) => format!("did you mean `{near}`?"),
                (None, Some(inner)) => {
                    let (file, what) = (&module.file, inner.describe());
                    format!("in `{file}` that is {what}: add an output there for what is needed of it")
                }
                (None, None) if names.is_empty() => format!("`{}` has no outputs: add one there", module.file),
                (None, None) => format!("its outputs are {}", list(&names)),
            };
            let message = format!("the module `{}` has no output `{name}`", mention.reference.root);
            self.error("unknown-output", if rest.is_empty() { mention.tail } else { mention.span }, message, help);
        }
    }

    /// Checks the steps from an attribute on.
    fn within(&mut self, mention: &Mention, ty: &Type, so_far: &str, path: &[PathStep]) {
        let Some((step, rest)) = path.split_first() else {
            return;
        };
        let place = if rest.is_empty() { mention.tail } else { mention.span };
        match (ty, step) {
            (Type::Object(object), PathStep::Field(name)) => match object.fields.get(name) {
                Some(field) => self.within(mention, &field.ty, name, rest),
                None => {
                    let names: Vec<&str> = object.fields.keys().map(String::as_str).collect();
                    let near = suggest(name, names.iter().copied());
                    let help = near
                        .map_or_else(|| format!("it has {}", list(&names)), |near| format!("did you mean `{near}`?"));
                    self.error("unknown-output", place, format!("`{so_far}` has no `{name}`"), help);
                }
            },
            (Type::Map(inner), PathStep::Field(name)) => self.within(mention, inner, name, rest),
            (Type::List(inner) | Type::Set(inner), PathStep::Key(_) | PathStep::Each) => {
                self.within(mention, inner, so_far, rest);
            }
            (Type::List(_) | Type::Set(_), PathStep::Field(name)) => {
                let message = format!("`{so_far}` is a list, which has no `{name}`");
                let help = format!("take one item, as in `{so_far}[0].{name}`, or all: `{so_far}.map(it, it.{name})`");
                self.error("unknown-output", place, message, help);
            }
            (Type::Bool | Type::Integer { .. } | Type::Number { .. } | Type::String(_), PathStep::Field(name)) => {
                let message = format!("`{so_far}` is {}, which has no `{name}`", with_article(ty.name()));
                self.error("unknown-output", place, message, format!("leave `.{name}` out"));
            }
            _ => {}
        }
    }

    fn forgotten_key(&mut self, mention: &Mention, name: &str, key: Option<&str>, within: Within<'_>) {
        let root = &mention.reference.root;
        let key = match within.is_repeated {
            true => "each.key".to_owned(),
            false => format!("\"{}\"", key.unwrap_or("…")),
        };
        let message = format!("`{root}` is repeated by `for_each`, so `{root}.{name}` does not say which");
        let help = format!("name one, such as `{root}[{key}].{name}`, or all: `values({root}).map(it, it.{name})`");
        self.error("missing-key", mention.span, message, help);
    }

    fn key_without_for_each(&mut self, mention: &Mention) {
        let root = &mention.reference.root;
        let message = format!("`{root}` is not repeated by `for_each`, so it has no keys");
        let help = match mention.reference.path.get(1) {
            Some(PathStep::Field(name)) => format!("write `{root}.{name}`"),
            _ => format!("write `{root}.…` for its outputs"),
        };
        self.error("unknown-key", mention.span, message, help);
    }

    fn unknown_attribute(&mut self, mention: &Mention, name: &str, is_last: bool, schema: &KindSchema) {
        let known = schema.outputs.fields.keys().chain(schema.spec.fields.keys()).map(String::as_str);
        let help = match suggest(name, known) {
            Some(near) => format!("did you mean `{near}`?"),
            None => {
                let outputs: Vec<&str> = schema.outputs.fields.keys().map(String::as_str).collect();
                format!("its outputs are {}; `provision kinds {}` tells more", list(&outputs), schema.name())
            }
        };
        let message = format!("`{}` ({}) has no output or property `{name}`", mention.reference.root, schema.name());
        self.error("unknown-output", if is_last { mention.tail } else { mention.span }, message, help);
    }
}
