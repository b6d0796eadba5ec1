//! What decides before an apply how often there is something, where, and how protected.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::definition::{LifecycleBlock, Lookup, Meta};
use super::frame::Each;
use super::tree::Tree;
use super::unroll::Unresolved;
use super::view::{Evaluation, View};
use crate::address::Segment;
use crate::diagnostic::{Diagnostic, Span};
use crate::driver::{AssumeRole, Place};
use crate::fact::{Answer, Ask};
use crate::schema::{Field, KindDescription, Misfit, ObjectType, StringType, Type, conform, with_article};
use crate::state::Lifecycle;
use crate::store::StatePlace;
use crate::value::{Awaited, Unknown, Value};

/// How many keys one `for_each` may have, so that memory stays bounded.
const MOST_KEYS: usize = 20_000;

/// Why something is not told.
pub(super) enum Told {
    /// It is wrong.
    Wrong(Vec<Diagnostic>),
    /// It is not known yet.
    Unresolved(Unresolved),
}

/// How often there is something.
pub(super) enum Repeated {
    /// Once, without a key.
    Once,
    /// Once for each of these.
    Keyed(Vec<Each>),
}

/// A value that must be known before anything is made.
fn known(evaluation: &Evaluation<'_>, tree: &Tree, view: &View<'_>, field: &'static str) -> Result<Value, Told> {
    evaluation.blocks.take();
    let value = evaluation.value(tree, view);
    let found = evaluation.take_found();
    if !found.is_empty() {
        return Err(Told::Wrong(found));
    }
    Ok(value).and_then(|value| match &value {
        Value::Unknown(unknown) => Err(unresolved(evaluation, tree, field, unknown.awaits.iter().cloned().collect())),
        _ => Ok(value),
    })
}

fn unresolved(evaluation: &Evaluation<'_>, tree: &Tree, field: &'static str, awaits: BTreeSet<Awaited>) -> Told {
    let blocks = evaluation.blocks.borrow().clone();
    Told::Unresolved(Unresolved { span: culprit(tree, &awaits), field, awaits, blocks })
}

/// Where `tree` names what is awaited; all of it where that comes by other names.
fn culprit(tree: &Tree, awaits: &BTreeSet<Awaited>) -> Span {
    let is_awaited = |name: &str| {
        awaits.iter().any(|awaited| match awaited {
            Awaited::Attribute(attribute) => attribute.address.segments().iter().any(|segment| segment.name == name),
            Awaited::Fact(_) => false,
        })
    };
    let mut mentions = tree.references().into_iter();
    mentions.find(|mention| is_awaited(&mention.reference.root)).map_or(tree.span, |mention| mention.span)
}

fn wrong(diagnostic: Diagnostic) -> Told {
    Told::Wrong(vec![diagnostic])
}

/// A yes or no that must be known before anything is made.
pub(super) fn flag(
    evaluation: &Evaluation<'_>,
    tree: &Tree,
    view: &View<'_>,
    field: &'static str,
) -> Result<bool, Told> {
    let value = known(evaluation, tree, view, field)?;
    match conform(&value, &Type::Bool) {
        Ok(Value::Bool(value)) => Ok(value),
        _ if value.has_secret() => {
            let message = format!("`{field}` rests on a secret, but what comes of it is stored and shown");
            Err(wrong(Diagnostic::error("secret", message).at(tree.span).with_help("decide by what may be seen")))
        }
        _ => {
            let message = format!("`{field}` is yes or no, not {}", with_article(value.type_name()));
            let help = "write a condition, such as `${env == \"prod\"}`";
            Err(wrong(Diagnostic::error("wrong-type", message).at(tree.span).with_help(help)))
        }
    }
}

/// What protects an instance of `kind`.
pub(super) fn lifecycle(
    evaluation: &Evaluation<'_>,
    kind: &KindDescription,
    block: &LifecycleBlock,
    view: &View<'_>,
) -> Result<Lifecycle, Told> {
    let mut lifecycle = Lifecycle { create_before_destroy: kind.create_before_destroy, ..Lifecycle::default() };
    for (field, tree) in block.trees() {
        let value = flag(evaluation, tree, view, field)?;
        match field {
            "prevent_destroy" => lifecycle.prevent_destroy = value,
            "retain_on_delete" => lifecycle.retain_on_delete = value,
            _ => lifecycle.create_before_destroy = value,
        }
    }
    Ok(lifecycle)
}

/// Where an instance lies: what it says, or what is said around it.
pub(super) fn place(evaluation: &Evaluation<'_>, meta: &Meta, view: &View<'_>) -> Result<Place, Told> {
    let mut place = view.place.clone();
    if let Some(tree) = &meta.region {
        let region = region(evaluation, tree, view)?;
        place.region = (region != evaluation.facts.region).then_some(region);
    }
    if let Some(tree) = &meta.assume_role {
        place.assume_role = Some(role(evaluation, tree, view)?);
    }
    Ok(place)
}

/// The name of a region.
pub(super) fn region(evaluation: &Evaluation<'_>, tree: &Tree, view: &View<'_>) -> Result<String, Told> {
    let region = text(evaluation, tree, view, "region")?;
    is_region(&region, tree.span).map(|()| region)
}

/// A text that must be known before anything is made.
pub(super) fn text(
    evaluation: &Evaluation<'_>,
    tree: &Tree,
    view: &View<'_>,
    field: &'static str,
) -> Result<String, Told> {
    match known(evaluation, tree, view, field)? {
        Value::String(text) => Ok(text.to_string()),
        _ => {
            let help = match field {
                "region" => "write one such as `us-east-1`",
                _ => "write one, or an expression that gives one",
            };
            let diagnostic = Diagnostic::error("wrong-type", format!("`{field}` is a single string")).at(tree.span);
            Err(wrong(diagnostic.with_help(help)))
        }
    }
}

/// The place of the state.
pub(super) fn state_place(evaluation: &Evaluation<'_>, tree: &Tree, view: &View<'_>) -> Result<StatePlace, Told> {
    let text = text(evaluation, tree, view, "state")?;
    StatePlace::parse(&text).map_err(|reason| {
        let diagnostic = Diagnostic::error("bad-state", format!("`state: {text}` {reason}")).at(tree.span);
        wrong(diagnostic.with_help("write a place such as `s3://my-bucket/provision`, or a folder such as `state`"))
    })
}

fn is_region(region: &str, span: Span) -> Result<(), Told> {
    let parent = region.trim_end_matches(|c: char| c.is_ascii_lowercase());
    if parent.len() + 1 == region.len() && parent.ends_with(|c: char| c.is_ascii_digit()) {
        let message = format!("`{region}` is an availability zone, not a region");
        let diagnostic = Diagnostic::error("bad-region", message).at(span);
        return Err(wrong(diagnostic.with_help(format!("write `{parent}`"))));
    }
    if !has_form_of_region(region) {
        let diagnostic = Diagnostic::error("bad-region", format!("`{region}` is no region")).at(span);
        return Err(wrong(diagnostic.with_help("write its code, such as `us-east-1`")));
    }
    Ok(())
}

/// Words and a number, joined by `-`. Which of them there are only AWS knows.
fn has_form_of_region(region: &str) -> bool {
    let is_word = |word: &str| !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase());
    let is_number = |word: &str| !word.is_empty() && word.chars().all(|c| c.is_ascii_digit());
    match region.rsplit_once('-') {
        Some((words, number)) => words.split('-').all(is_word) && is_number(number),
        None => false,
    }
}

/// A role to assume: its ARN, or a map with it.
pub(super) fn role(evaluation: &Evaluation<'_>, tree: &Tree, view: &View<'_>) -> Result<AssumeRole, Told> {
    let value = known(evaluation, tree, view, "assume_role")?;
    let value = match &value {
        Value::Map(_) => value,
        arn => Value::map([("role_arn".to_owned(), arn.clone())]),
    };
    let value = conform(&value, &role_type()).map_err(|misfits| Told::Wrong(no_role(tree, misfits)))?;
    if !value.is_known() {
        return Err(unresolved(evaluation, tree, "assume_role", value.awaits()));
    }
    if value.has_secret() {
        let span = tree.locate(&path_to(&value, &|value| matches!(value, Value::Secret(_))), false);
        let diagnostic = Diagnostic::error("secret", "`assume_role` rests on a secret, but is stored and shown");
        return Err(wrong(diagnostic.at(span).with_help("write what may be seen")));
    }
    let text = |name: &str| value.as_map().and_then(|role| Some(role.get(name)?.as_str()?.to_owned()));
    let role_arn = text("role_arn").unwrap_or_default();
    if !is_role_arn(&role_arn) {
        let diagnostic = Diagnostic::error("bad-arn", format!("`{role_arn}` is no ARN of a role"));
        let diagnostic = diagnostic.at(tree.locate(&["role_arn".to_owned()], false));
        return Err(wrong(diagnostic.with_help("write one such as `arn:aws:iam::123456789012:role/deployer`")));
    }
    Ok(AssumeRole { role_arn, external_id: text("external_id"), role_session_name: text("role_session_name") })
}

/// What `assume_role` takes, beside a lone ARN.
fn role_type() -> Type {
    let text = || Type::String(StringType::default());
    let optional = |doc: &str| Field { required: false, ..Field::required(text(), doc) };
    let fields = [
        ("role_arn", Field::required(text(), "The role.")),
        ("external_id", optional("What the role's trust policy may ask for.")),
        ("role_session_name", optional("How the session is called in CloudTrail.")),
    ];
    let fields = fields.into_iter().map(|(name, field)| (name.to_owned(), field)).collect();
    Type::Object(Arc::new(ObjectType { fields }))
}

fn no_role(tree: &Tree, misfits: Vec<Misfit>) -> Vec<Diagnostic> {
    // A role's ARN under another name is one mistake.
    let is_misspelt = misfits.iter().any(|misfit| misfit.code == "unknown-field");
    let told = misfits.into_iter().filter(|misfit| !is_misspelt || misfit.code != "missing-field").map(|misfit| {
        let span = tree.locate(&misfit.path, misfit.code == "unknown-field");
        let help = "write the role's ARN, or `{ role_arn: …, external_id: …, role_session_name: … }`";
        let diagnostic = Diagnostic::error(misfit.code, format!("`assume_role`: {}", misfit.message)).at(span);
        diagnostic.with_help(misfit.help.filter(|_| misfit.code == "unknown-field").unwrap_or_else(|| help.to_owned()))
    });
    told.collect()
}

/// Whether it is such as `arn:aws:iam::123456789012:role/deployer`.
fn is_role_arn(text: &str) -> bool {
    match text.splitn(6, ':').collect::<Vec<_>>().as_slice() {
        ["arn", _, "iam", "", account, role] => {
            account.len() == 12 && account.chars().all(|c| c.is_ascii_digit()) && role.starts_with("role/")
        }
        _ => false,
    }
}

/// What a lookup finds; unknown as long as nobody looked.
pub(super) fn known_by(evaluation: &Evaluation<'_>, lookup: &Lookup, view: &View<'_>) -> Result<Value, Told> {
    let by = known(evaluation, &lookup.by, view, "existing")?;
    if by.has_secret() {
        let message = format!("`{}` is looked up by a secret, which would be shown", lookup.name);
        let help = "look it up by what may be seen";
        let span = lookup.by.locate(&path_to(&by, &|value| matches!(value, Value::Secret(_))), false);
        return Err(wrong(Diagnostic::error("secret", message).at(span).with_help(help)));
    }
    let Some(json) = conformed(&by, lookup)?.to_driver_json() else {
        return Err(unresolved(evaluation, &lookup.by, "existing", by.awaits()));
    };
    let (place, kind) = (view.place.clone(), lookup.kind.as_str().into());
    let ask = Ask::Lookup { place, kind, by: json.to_string().into() };
    let ty = Type::Object(lookup.schema.attributes.clone());
    Ok(match evaluation.facts.answers.get(&ask) {
        Some(Answer::Value(value)) => value.clone(),
        _ => Value::Unknown(Unknown {
            awaits: Arc::new([Awaited::Fact(Arc::new(ask))]),
            ty: ty.into(),
            is_secret: false,
        }),
    })
}

/// The way to the first part of `value` that `is_meant`.
fn path_to(value: &Value, is_meant: &dyn Fn(&Value) -> bool) -> Vec<String> {
    let inside = |step: String, inner: &Value| [step].into_iter().chain(path_to(inner, is_meant)).collect();
    let has = |inner: &Value| is_meant(inner) || !path_to(inner, is_meant).is_empty();
    match value {
        Value::Map(entries) => {
            entries.iter().find(|(_, inner)| has(inner)).map(|(key, inner)| inside(key.clone(), inner))
        }
        Value::List(items) => items
            .iter()
            .enumerate()
            .find(|(_, inner)| has(inner))
            .map(|(index, inner)| inside(index.to_string(), inner)),
        _ => None,
    }
    .unwrap_or_default()
}

/// The properties and outputs a lookup goes by, as their kind has them.
fn conformed(by: &Value, lookup: &Lookup) -> Result<Value, Told> {
    let (mut all, mut found) = (Vec::new(), Vec::new());
    for (name, value) in by.as_map().into_iter().flatten() {
        let Some(field) = lookup.schema.attributes.fields.get(name) else { continue };
        match conform(value, &field.ty) {
            Ok(value) => all.push((name.clone(), value)),
            Err(misfits) => found.extend(misfits.into_iter().map(|misfit| {
                let path: Vec<String> = [name.clone()].into_iter().chain(misfit.path).collect();
                let message = format!("`{}` of `{}`: {}", path.join("."), lookup.name, misfit.message);
                let mut diagnostic = Diagnostic::error(misfit.code, message).at(lookup.by.locate(&path, false));
                diagnostic.help = misfit.help;
                diagnostic
            })),
        }
    }
    if found.is_empty() { Ok(Value::map(all)) } else { Err(Told::Wrong(found)) }
}

/// What to say where a lookup does not find one thing.
pub(super) fn no_single(ask: &Ask, answer: &Answer, span: Span) -> Option<Diagnostic> {
    let Ask::Lookup { kind, by, place } = ask else { return None };
    let region = place.region.as_ref().map_or_else(String::new, |region| format!(" in {region}"));
    let (message, help) = match answer {
        Answer::Value(_) => return None,
        Answer::Nothing => (
            format!("there is no {kind} with {by}{region}"),
            "make it first, or look it up by something else".to_owned(),
        ),
        Answer::Several(ids) => {
            let shown: Vec<String> = ids.iter().take(5).map(|id| format!("`{id}`")).collect();
            let more = if ids.len() > 5 { " …" } else { "" };
            (
                format!("there are {} {kind} with {by}{region}: {}{more}", ids.len(), shown.join(", ")),
                "say more of the one that is meant, or give its `id`".to_owned(),
            )
        }
    };
    Some(Diagnostic::error("lookup", message).at(span).with_help(help))
}

/// What to say of a value that must be known before an apply and is not.
/// `path` leads to the file it stands in.
pub(super) fn too_early(why: &Unresolved, path: &[Segment]) -> Diagnostic {
    let here = path.iter().map(|segment| format!("{segment}.")).collect::<String>();
    let attributes: BTreeSet<String> = why
        .awaits
        .iter()
        .filter_map(|awaited| match awaited {
            Awaited::Attribute(attribute) => {
                let address = attribute.address.to_string();
                Some(format!("`{}`", address.strip_prefix(&here).unwrap_or(&address)))
            }
            Awaited::Fact(_) => None,
        })
        .collect();
    let what = match why.field {
        "existing" => "what is looked up".to_owned(),
        field => format!("`{field}`"),
    };
    let message = match attributes.is_empty() {
        true => format!("{what} is not known before the apply"),
        false => {
            let attributes: Vec<String> = attributes.into_iter().collect();
            format!("{what} rests on {}, which only an apply tells", attributes.join(", "))
        }
    };
    let help = match why.field {
        "for_each" => {
            "its keys become addresses, so they must be known before anything is made: use params, locals, `zones(n)`, keys of other resources, and constants"
        }
        "existing" => {
            "what is looked up must be there before anything is made: use params, locals and constants, or refer to the resource itself"
        }
        "when" => {
            "it decides what there is, so it must be known before anything is made: use params, locals and constants"
        }
        "region" | "assume_role" => {
            "it decides where things lie, so it must be known before anything is made: use params, locals and constants"
        }
        "id" => "what is imported is there before anything is made: write its id, or take it from a param",
        _ => {
            "it decides what is protected, so it must be known before anything is made: use params, locals and constants"
        }
    };
    Diagnostic::error("too-early", message).at(why.span).with_help(help)
}

/// What a block is repeated over.
pub(super) fn repeated(evaluation: &Evaluation<'_>, for_each: &Arc<Tree>, view: &View<'_>) -> Result<Repeated, Told> {
    let value = known(evaluation, for_each, view, "for_each")?;
    let at_item = |item: Option<usize>| {
        let path: Vec<String> = item.iter().map(usize::to_string).collect();
        for_each.locate(&path, false)
    };
    let each = match &value {
        Value::Map(entries) => {
            let each = entries.iter().zip(0..);
            each.map(|((key, value), index)| Each::new(key, value.clone(), index)).collect()
        }
        Value::List(items) => {
            let each = items.iter().enumerate().map(|(index, item)| match item {
                Value::String(key) => Ok(Each::new(key, item.clone(), index as i64)),
                Value::Integer(number) => Ok(Each::new(&number.to_string(), item.clone(), index as i64)),
                Value::Unknown(unknown) => {
                    Err(unresolved(evaluation, for_each, "for_each", unknown.awaits.iter().cloned().collect()))
                }
                Value::Secret(_) => Err(wrong(nothing_to_repeat(item, at_item(Some(index))))),
                _ => Err(wrong(bad_item(at_item(Some(index))))),
            });
            each.collect::<Result<Vec<_>, Told>>()?
        }
        other => return Err(wrong(nothing_to_repeat(other, for_each.span))),
    };
    if each.len() > MOST_KEYS {
        let message = format!("`for_each` has {} keys, and {MOST_KEYS} are the most", each.len());
        let help = "split the stack: no account holds that many resources of a kind";
        return Err(wrong(Diagnostic::error("too-many", message).at(for_each.span).with_help(help)));
    }
    no_key_twice(&each, at_item)?;
    Ok(Repeated::Keyed(each))
}

fn no_key_twice(each: &[Each], place: impl Fn(Option<usize>) -> Span) -> Result<(), Told> {
    let mut seen = BTreeSet::new();
    match each.iter().enumerate().find(|(_, each)| !seen.insert(each.text())) {
        None => Ok(()),
        Some((index, twice)) => {
            let message = format!("`for_each` has the key `{}` twice", twice.text().unwrap_or_default());
            let twice = Diagnostic::error("for-each", message).at(place(Some(index)));
            Err(wrong(twice.with_help("give each key once, or wrap the list in `distinct(…)`")))
        }
    }
}

fn bad_item(place: Span) -> Diagnostic {
    let message = "the items of a list in `for_each` are strings: each becomes a key";
    Diagnostic::error("for-each", message).at(place).with_help("for anything else, give a map from keys to values")
}

fn nothing_to_repeat(value: &Value, place: Span) -> Diagnostic {
    let (message, help) = match value {
        Value::Secret(_) => (
            "`for_each` is secret, but its keys become addresses, which are stored and shown".to_owned(),
            "repeat over names that may be seen, and look the secret values up by `each.key`",
        ),
        Value::Integer(_) => (
            "`for_each` takes a list or a map, not an integer".to_owned(),
            "for so many of them write `${range(…)}`, or better a list of names such as `[a, b]`",
        ),
        other => (
            format!("`for_each` takes a list or a map, not {}", with_article(other.type_name())),
            "write a list of strings such as `[a, b]`, or a map from keys to values",
        ),
    };
    Diagnostic::error("for-each", message).at(place).with_help(help)
}

/// What `each` is where only the type of what it goes over is known.
pub(super) fn open_each(over: &Value) -> Each {
    let unknown = |ty: Type| Value::Unknown(Unknown::of(ty));
    let text = Type::String(Default::default());
    let of = match over {
        Value::Unknown(over) => Some(&*over.ty),
        _ => None,
    };
    let value = match of {
        Some(Type::List(item) | Type::Set(item) | Type::Map(item)) => unknown((**item).clone()),
        _ => unknown(Type::Any),
    };
    Each { key: unknown(text), value, index: unknown(Type::Integer { min: Some(0), max: None }), is_lazy: false }
}
