//! What must hold after an apply: conditions over outputs and live attributes, and requests.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

use super::Attributes;
use super::definition::CheckBlock;
use super::expand::Expanded;
use super::tree::Tree;
use super::view::{Evaluation, View};
use crate::address::Address;
use crate::diagnostic::{Diagnostic, Span};
use crate::fact::{Ask, Facts};
use crate::schema::{Field, Misfit, ObjectType, StringType, Type, conform};
use crate::value::{Unknown, Value};

/// One check, worked out.
#[derive(Clone, Debug)]
pub struct Check {
    /// Its name, in the module it stands in.
    pub name: Address,
    /// Where its name stands.
    pub span: Span,
    /// What it says when it does not hold, in the spec's own words.
    pub message: Option<String>,
    /// Whether it holds, or how to find out.
    pub verdict: Verdict,
    /// What the cloud must be asked before that stands.
    pub asks: BTreeSet<Ask>,
}

/// Whether a check holds.
#[derive(Clone, Debug)]
pub enum Verdict {
    /// It does.
    Holds,
    /// It does not.
    Fails,
    /// It rests on what is not there yet.
    Unknown(String),
    /// The answer to this request tells.
    Request(Request),
    /// It cannot be worked out.
    Wrong(Vec<Diagnostic>),
}

/// A request whose answer tells whether a check holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Where to.
    pub url: String,
    /// `GET` unless said otherwise.
    pub method: String,
    /// The status codes that are right; redirects are not followed.
    pub status: Vec<u16>,
    /// What the answer's text must hold.
    pub contains: Option<String>,
    /// Headers to send.
    pub headers: BTreeMap<String, String>,
    /// How long to wait for an answer, in seconds.
    pub timeout: u32,
    /// How often to ask again before the check fails.
    pub retries: u32,
    /// Whether the URL or the wanted text is secret: then neither is shown.
    pub is_secret: bool,
}

/// What `http` of a check takes.
pub(super) fn http_type() -> Type {
    static TYPE: LazyLock<Type> = LazyLock::new(|| {
        let text = || Type::String(StringType::default());
        let whole = |max: i64| Type::Integer { min: Some(0), max: Some(max) };
        let optional = |ty: Type, doc: &str| Field { required: false, ..Field::required(ty, doc) };
        let methods = ["GET", "HEAD", "POST", "PUT", "OPTIONS"].map(str::to_owned).to_vec();
        let method = Type::String(StringType { choices: methods, ..StringType::default() });
        let fields = [
            ("url", Field::required(text(), "Where to send the request.")),
            ("method", optional(method, "`GET` unless said otherwise.")),
            (
                "status",
                optional(Type::Any, "The status code that is right, or a list of them; 200 unless said otherwise."),
            ),
            ("contains", optional(text(), "What the answer's text must hold.")),
            ("headers", optional(Type::Map(Box::new(text())), "Headers to send.")),
            ("timeout", optional(whole(300), "How long to wait for an answer, in seconds; 10 unless said otherwise.")),
            ("retries", optional(whole(100), "How often to ask again, 2 seconds apart; 5 unless said otherwise.")),
        ];
        let fields = fields.into_iter().map(|(name, field)| (name.to_owned(), field)).collect();
        Type::Object(Arc::new(ObjectType { fields }))
    });
    TYPE.clone()
}

impl CheckBlock {
    /// Evaluates all of it that is looked at, noting what fails.
    pub(super) fn rehearse(&self, evaluation: &Evaluation<'_>, view: &View<'_>) {
        if self.is_looked_at(evaluation, view) != Value::Bool(false) {
            self.condition(evaluation, view);
            self.text(evaluation, view);
        }
    }

    fn is_looked_at(&self, evaluation: &Evaluation<'_>, view: &View<'_>) -> Value {
        let told = |tree| self.told(evaluation, view, tree, &evaluation.value(tree, view), &Type::Bool);
        self.when.as_ref().map_or(Value::Bool(true), |tree| told(tree))
    }

    /// `value` as `ty` has it; what does not fit is noted.
    fn told(&self, evaluation: &Evaluation<'_>, view: &View<'_>, tree: &Tree, value: &Value, ty: &Type) -> Value {
        let (fit, mut misfits) = match conform(value, ty) {
            Ok(fit) => (fit, Vec::new()),
            Err(misfits) => (Value::Unknown(Unknown::default()), misfits),
        };
        misfits.extend(unfit(value));
        if misfits.is_empty() {
            return fit;
        }
        for misfit in misfits {
            let place = tree.locate(&misfit.path, misfit.code == "unknown-field");
            let message = format!("the check `{}`: {}", self.name, misfit.message);
            let mut diagnostic = Diagnostic::error(misfit.code, message).at(place);
            diagnostic.help = Some(match (ty, misfit.help) {
                (Type::Bool, _) => "write a condition, such as `${length(names) > 1}`".to_owned(),
                (_, Some(help)) => help,
                (_, None) => {
                    "see what `http` takes: `url`, `method`, `status`, `contains`, `headers`, `timeout` and `retries`"
                        .to_owned()
                }
            });
            evaluation.tell(view.frame, diagnostic);
        }
        Value::Unknown(Unknown::default())
    }

    /// What it says when it does not hold.
    fn text(&self, evaluation: &Evaluation<'_>, view: &View<'_>) -> Value {
        let ty = Type::String(StringType::default());
        let told = |tree| self.told(evaluation, view, tree, &evaluation.value(tree, view), &ty);
        self.message.as_ref().map_or(Value::Null, |tree| told(tree))
    }

    /// What tells whether it holds: a condition, or a request.
    fn condition(&self, evaluation: &Evaluation<'_>, view: &View<'_>) -> Value {
        match (&self.assert, &self.http) {
            (Some(tree), _) => self.told(evaluation, view, tree, &evaluation.value(tree, view), &Type::Bool),
            (None, Some(tree)) => self.told(evaluation, view, tree, &evaluation.value(tree, view), &http_type()),
            (None, None) => Value::Bool(true),
        }
    }

    /// `None` where it is not to be looked at.
    fn check(&self, evaluation: &Evaluation<'_>, view: &View<'_>, name: Address) -> Option<Check> {
        let when = self.is_looked_at(evaluation, view);
        if when == Value::Bool(false) {
            return None;
        }
        let message = self.text(evaluation, view);
        let condition = self.condition(evaluation, view);
        let asks = [&when, &message, &condition].into_iter().flat_map(Value::asks).collect();
        let verdict = verdict(&condition, evaluation.take_found());
        Some(Check { name, span: self.span, message: message.as_str().map(str::to_owned), verdict, asks })
    }
}

fn verdict(condition: &Value, found: Vec<Diagnostic>) -> Verdict {
    match condition {
        _ if !found.is_empty() => Verdict::Wrong(found),
        value if !value.is_known() => {
            let awaits: Vec<String> = value.awaits().iter().map(ToString::to_string).collect();
            Verdict::Unknown(awaits.join(", "))
        }
        Value::Map(entries) => Verdict::Request(request(entries)),
        value => match opened(value) {
            Value::Bool(true) => Verdict::Holds,
            _ => Verdict::Fails,
        },
    }
}

/// What of a request its type does not tell.
fn unfit(request: &Value) -> Vec<Misfit> {
    let part = |name: &str| request.as_map().and_then(|entries| entries.get(name));
    let url = part("url").and_then(Value::as_str).filter(|url| !is_url(url)).map(|url| Misfit {
        path: vec!["url".to_owned()],
        code: "bad-url",
        message: format!("`{url}` is no URL"),
        help: Some(format!("write all of it, such as `https://{}`", url.trim_start_matches('/'))),
    });
    let codes = match part("status") {
        Some(Value::List(codes)) => codes.iter().enumerate().map(|(index, code)| (Some(index), code)).collect(),
        other => other.into_iter().map(|code| (None, code)).collect::<Vec<_>>(),
    };
    let statuses = codes.into_iter().filter(|(_, code)| code.is_known() && status(code).is_none());
    let statuses = statuses.map(|(index, _)| Misfit {
        path: ["status".to_owned()].into_iter().chain(index.map(|index| index.to_string())).collect(),
        code: "bad-status",
        message: "a status is a number between 100 and 599".to_owned(),
        help: Some("write the code that is right, such as 200, or a list of them".to_owned()),
    });
    url.into_iter().chain(statuses).collect()
}

fn is_url(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/'))
}

/// A status code, if it is one.
fn status(value: &Value) -> Option<u16> {
    let code = match value {
        Value::Integer(code) => u16::try_from(*code).ok(),
        Value::String(code) => code.parse().ok(),
        _ => None,
    };
    code.filter(|code| (100..600).contains(code))
}

/// A value that may be a secret: only whether it is true is told.
fn opened(value: &Value) -> Value {
    match value {
        Value::Secret(crate::value::Secret::Plain(inner)) => (**inner).clone(),
        value => value.clone(),
    }
}

fn request(entries: &BTreeMap<String, Value>) -> Request {
    let text = |name: &str| entries.get(name).map(opened).and_then(|value| Some(value.as_str()?.to_owned()));
    let number = |name: &str, default: u32| match entries.get(name) {
        Some(Value::Integer(number)) => u32::try_from(*number).unwrap_or(default),
        _ => default,
    };
    let statuses = match entries.get("status") {
        Some(Value::List(codes)) => codes.iter().filter_map(status).collect(),
        Some(other) => status(other).into_iter().collect(),
        None => vec![200],
    };
    let headers = entries.get("headers").map(opened).and_then(|headers| headers.as_map().cloned()).unwrap_or_default();
    let headers = headers.iter().filter_map(|(name, value)| Some((name.clone(), opened(value).as_str()?.to_owned())));
    Request {
        url: text("url").unwrap_or_default(),
        method: text("method").unwrap_or_else(|| "GET".to_owned()),
        status: statuses,
        contains: text("contains"),
        headers: headers.collect(),
        timeout: number("timeout", 10),
        retries: number("retries", 5),
        is_secret: ["url", "contains"].iter().any(|name| entries.get(*name).is_some_and(Value::has_secret)),
    }
}

impl Expanded {
    /// Every check that is to be looked at, worked out as far as `attributes` tell.
    pub fn checks(&self, facts: &Facts, attributes: &Attributes) -> Vec<Check> {
        let evaluation = Evaluation::new(self, facts, attributes);
        let mut checks = Vec::new();
        for (index, frame) in self.frames.iter().enumerate() {
            let view = View { sees_outputs: true, ..evaluation.view(index, None, None) };
            let blocks = frame.module.checks.iter();
            checks.extend(blocks.filter_map(|block| block.check(&evaluation, &view, frame.address(&block.name))));
        }
        checks
    }
}
