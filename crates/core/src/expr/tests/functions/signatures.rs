//! What functions say of themselves, and whether it is so.

use super::*;
use crate::expr::functions::signature::Signature;
use crate::schema::conform;

/// A value of each type, and one name for a value that will be of it.
fn of_every_type() -> [(&'static str, Value); 7] {
    [
        ("boolean", Value::Bool(true)),
        ("integer", Value::Integer(1)),
        ("number", Value::Float(1.5)),
        ("string", Value::from("x")),
        ("list", Value::list([Value::list([])])),
        ("map", map([("k", Value::list([Value::list([])]))])),
        ("object", map([("k", Value::list([Value::Integer(1)]))])),
    ]
}

#[test]
fn every_signature_can_be_read() {
    for function in FUNCTIONS {
        assert!(Signature::parse(function.signature).is_some(), "{}", function.signature);
    }
    for wrong in ["f", "f()", "f(a) -> string", "f(a: text) -> string", "f(a: list<>) -> string", "f(a: T) -> text"] {
        assert!(Signature::parse(wrong).is_none(), "{wrong}");
    }
}

/// The calls at the start of examples: `f(…)` of `f(…) == x`.
fn calls_of(example: &str, name: &str) -> Vec<String> {
    let mut calls = Vec::new();
    for (start, _) in example.match_indices(&format!("{name}(")) {
        let ends = (start + name.len() + 1..=example.len()).filter(|end| example[..*end].ends_with(')'));
        let whole = ends.map(|end| &example[start..end]).find(|text| Expression::parse(text).is_ok());
        calls.extend(whole.map(str::to_owned));
    }
    calls
}

#[test]
fn every_result_is_what_the_signature_says() {
    for function in FUNCTIONS {
        let calls = calls_of(function.example, function.name);
        assert!(!calls.is_empty() || function.is_method || function.name == "can", "{}", function.example);
        for call in calls.iter().filter(|call| evaluate(call, &sample()).is_ok()) {
            let value = bared(&evaluate(call, &sample()).expect(call));
            let declared = function.result(&[]).unwrap_or_default();
            assert!(conform(&value, &declared).is_ok(), "{call} is {value:?}, not {}", declared.with_article());
        }
    }
}

/// An argument of a type that a function does not take is refused in the same words,
/// whether it is known or not.
#[test]
fn a_wrong_argument_is_refused_known_or_not() {
    let mut refused = 0;
    for function in FUNCTIONS {
        let Some(signature) = Signature::parse(function.signature) else { continue };
        for (position, wanted) in signature.wanted() {
            for (name, value) in of_every_type() {
                let ty = Type::of(&value);
                let later = Value::Unknown(Unknown::of(ty));
                let mut arguments = vec![Value::Null; position];
                arguments.push(later.clone());
                let Err(message) = function.result(&arguments) else { continue };
                let known = call(function.name, position, &value, &signature);
                let unknown = call(function.name, position, &later, &signature);
                assert!(known.is_err(), "{} takes {name} as {wanted}", function.name);
                let said = unknown.expect_err(function.name).message;
                assert_eq!(said, message);
                assert!(said.contains(&wanted), "{said}");
                refused += 1;
            }
        }
    }
    assert!(refused > 300, "{refused}");
}

/// Calls `name` with `value` at the position and fitting values around it.
fn call(name: &str, position: usize, value: &Value, signature: &Signature) -> Result<Value, ExprError> {
    let fitting = |at: usize| {
        let candidates = of_every_type().into_iter().map(|(_, value)| value);
        let fits = |value: &Value| {
            let mut arguments = vec![Value::Null; at];
            arguments.push(Value::Unknown(Unknown::of(Type::of(value))));
            signature.result(&arguments).is_ok()
        };
        candidates.into_iter().find(fits).unwrap_or(Value::Null)
    };
    let count = (position + 1..6).find(|count| function(name).is_some_and(|function| function.takes(*count)));
    let arguments = (0..count.unwrap_or(position + 1))
        .map(|at| (format!("a{at}"), if at == position { value.clone() } else { fitting(at) }));
    let names: Vec<(String, Value)> = arguments.collect();
    let text = format!("{name}({})", names.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", "));
    let scope = Fixed { names: names.into_iter().collect(), zones: Value::list([]) };
    evaluate(&text, &scope)
}

#[test]
fn letters_stand_for_the_same_type() {
    let list = |ty: Type| Value::Unknown(Unknown::of(Type::List(Box::new(ty))));
    let scope = scope([("words", list(Type::string())), ("counts", list(Type::integer()))]);
    let shown = |text: &str| match evaluate(text, &scope) {
        Ok(Value::Unknown(unknown)) => unknown.ty.shown(),
        other => panic!("{text}: {other:?}"),
    };
    for (text, ty) in [
        ("concat(words, words)", "list of strings"),
        ("concat(words, [])", "list of strings"),
        ("concat(words, counts)", "list"),
        ("concat(counts, [1.5])", "list of numbers"),
        ("element(words, 0)", "string"),
        ("chunklist(counts, 2)", "list of lists of integers"),
        ("zipmap(words, counts)", "map of integers"),
        ("lookup(zipmap(words, counts), \"a\", 1.5)", "number"),
        ("values(zipmap(words, words))", "list of strings"),
        ("length(words)", "integer"),
        ("coalesce(words[0], null)", "string"),
        ("try(words[0], 1)", "any value"),
        ("join(\",\", counts)", "string"),
    ] {
        assert_eq!(shown(text), ty, "{text}");
    }
}
