//! What holds of every expression, however odd.

use proptest::prelude::*;

use super::generate::{typed, untyped};
use super::*;

/// Pieces of expressions, well-formed more often than not when put together.
const PIECES: [&str; 48] = [
    "a",
    "b",
    "secret",
    "1",
    "0",
    "-",
    "2.5",
    "\"x\"",
    "'",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ",",
    ".",
    ":",
    "?",
    "+",
    "*",
    "/",
    "%",
    "==",
    "!=",
    "<",
    ">=",
    "&&",
    "||",
    "!",
    " in ",
    "null",
    "true",
    "has(",
    "x.map(",
    "y",
    ".filter(x, ",
    "size(",
    "format(",
    "`",
    "//",
    "\n",
    "ä",
    "0x",
    "1e",
    "\\",
    "merge(",
    "function",
];

fn inputs() -> [(&'static str, Value); 5] {
    let list = Value::list([Value::Integer(2), Value::Integer(0), Value::Integer(5)]);
    let entries = map([("k", Value::Integer(2)), ("j", Value::Integer(7))]);
    [("a", Value::Integer(2)), ("s", Value::from("k")), ("l", list), ("m", entries), ("t", Value::Bool(true))]
}

/// The inputs with `change` made to the one at `index`, or to the first thing in it.
fn changed(index: usize, is_deep: bool, change: impl Fn(Value) -> Value) -> Fixed {
    let mut inputs = inputs();
    let value = &mut inputs[index].1;
    *value = match (is_deep, &*value) {
        (true, Value::List(items)) => Value::list(items.iter().cloned().map(change)),
        (true, Value::Map(entries)) => Value::map(entries.iter().map(|(k, v)| (k.clone(), change(v.clone())))),
        _ => change(value.clone()),
    };
    scope(inputs)
}

/// Whether `value` is what it was, but for what became unknown.
fn agrees(value: &Value, before: &Value) -> bool {
    match (value, before) {
        (Value::Unknown(_), _) => true,
        (Value::List(left), Value::List(right)) => {
            left.len() == right.len() && left.iter().zip(right.iter()).all(|(left, right)| agrees(left, right))
        }
        (Value::Map(left), Value::Map(right)) => {
            left.keys().eq(right.keys()) && left.values().zip(right.values()).all(|(left, right)| agrees(left, right))
        }
        _ => value == before,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_text_parses_or_is_refused_within_it(text in any::<String>()) {
        check_total(&text)?;
    }

    #[test]
    fn any_pieces_parse_or_are_refused(pieces in prop::collection::vec(prop::sample::select(PIECES.to_vec()), 0..30)) {
        check_total(&pieces.concat())?;
    }

    #[test]
    fn evaluation_never_panics(text in prop_oneof![untyped(), typed()]) {
        check_total(&text)?;
    }

    #[test]
    fn less_known_never_means_something_else(text in typed(), index in 0..5_usize, is_deep: bool) {
        let Ok(before) = evaluate(&text, &scope(inputs())) else { return Ok(()) };
        let after = evaluate(&text, &changed(index, is_deep, |_| awaiting("x", "y")));
        let after = after.map_err(|error| TestCaseError::fail(format!("{text}: {error}")))?;
        prop_assert!(agrees(&after, &before), "{}: {:?} was {:?}", text, after, before);
    }

    #[test]
    fn a_secret_changes_nothing_but_who_may_see(text in typed(), index in 0..5_usize, is_deep: bool) {
        let Ok(before) = evaluate(&text, &scope(inputs())) else { return Ok(()) };
        let after = evaluate(&text, &changed(index, is_deep, Value::into_secret));
        let after = after.map_err(|error| TestCaseError::fail(format!("{text}: {error}")))?;
        prop_assert_eq!(bared(&after), before, "{}", text);
    }

    /// What can be told apart by a secret's value must be secret.
    #[test]
    fn what_depends_on_a_secret_is_secret(text in typed(), index in 0..5_usize) {
        let secret = changed(index, false, Value::into_secret);
        let other = changed(index, false, |value| match value {
            Value::Integer(_) => Value::Integer(1).into_secret(),
            Value::String(_) => Value::from("j").into_secret(),
            Value::List(_) => Value::list([Value::Integer(7)]).into_secret(),
            Value::Bool(_) => Value::Bool(false).into_secret(),
            _ => map([("k", Value::Integer(1)), ("z", Value::Integer(8))]).into_secret(),
        });
        let (Ok(left), Ok(right)) = (evaluate(&text, &secret), evaluate(&text, &other)) else { return Ok(()) };
        prop_assert_eq!(masked(&left), masked(&right), "{}", text);
    }
}

/// The inputs with only their types known, all of them or the one at `index`. Whether
/// the map has a key is not.
fn typed_inputs(index: Option<usize>, is_secret: bool) -> Fixed {
    let mut inputs = inputs();
    for (position, (_, value)) in inputs.iter_mut().enumerate() {
        if index.is_none_or(|index| index == position) {
            let ty = match Type::of(value) {
                Type::Object(_) => Type::Map(Box::new(Type::integer())),
                ty => ty,
            };
            *value = Value::Unknown(Unknown { is_secret, ..Unknown::of(ty) });
        }
    }
    scope(inputs)
}

/// Other values of the inputs' types.
fn other_inputs() -> Fixed {
    let entries = map([("k", Value::Integer(-1)), ("j", Value::Integer(0))]);
    let list = Value::list([Value::Integer(1)]);
    scope([("a", Value::Integer(0)), ("s", Value::from("")), ("l", list), ("m", entries), ("t", Value::Bool(false))])
}

/// Whether a known value is of the type; null is of any.
fn is_of(value: &Value, ty: &Type) -> bool {
    match (value, ty) {
        (Value::Null, _) | (_, Type::Any) => true,
        (Value::Bool(_), Type::Bool) | (Value::String(_), Type::String(_)) => true,
        (Value::Integer(_), Type::Integer { .. } | Type::Number { .. }) | (Value::Float(_), Type::Number { .. }) => {
            true
        }
        (Value::List(items), Type::List(inner)) => items.iter().all(|item| is_of(item, inner)),
        (Value::Map(entries), Type::Map(inner)) => entries.values().all(|entry| is_of(entry, inner)),
        (Value::Map(entries), Type::Object(object)) => {
            entries.keys().eq(object.fields.keys())
                && entries.values().zip(object.fields.values()).all(|(value, field)| is_of(value, &field.ty))
        }
        _ => false,
    }
}

/// Whether `value` is what it was, but for what became unknown and is of its type.
fn promises(value: &Value, before: &Value) -> bool {
    match (value, before) {
        (Value::Unknown(unknown), before) => is_of(before, &unknown.ty),
        (Value::List(left), Value::List(right)) => {
            left.len() == right.len() && left.iter().zip(right.iter()).all(|(left, right)| promises(left, right))
        }
        (Value::Map(left), Value::Map(right)) => {
            left.keys().eq(right.keys()) && left.values().zip(right.values()).all(|(left, right)| promises(left, right))
        }
        _ => value == before,
    }
}

/// Whether all that was secret will be, where it is not known. What is known though the
/// secret is not does not depend on it.
fn hides(value: &Value, before: &Value) -> bool {
    match (value, before) {
        (Value::Unknown(unknown), _) => unknown.is_secret || unknown.ty.holds_secret() || !before.has_secret(),
        (Value::List(left), Value::List(right)) => {
            left.iter().zip(right.iter()).all(|(left, right)| hides(left, right))
        }
        (Value::Map(left), Value::Map(right)) => {
            left.values().zip(right.values()).all(|(left, right)| hides(left, right))
        }
        _ => true,
    }
}

/// Whether every part of the text is evaluated: no branches, and no going over what may
/// turn out to be empty.
fn has_one_way(text: &str) -> bool {
    let is_choice = ["?", "&&", "||", "try(", "can(", "coalesce(", "filter("].iter().any(|word| text.contains(word));
    let mut folds = text.match_indices(").").map(|(end, _)| &text[..end]);
    !is_choice && folds.all(|before| before.ends_with("(l") || before.ends_with("(m"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn what_is_promised_is_kept(text in typed(), index in prop::option::of(0..5_usize)) {
        let Ok(before) = evaluate(&text, &scope(inputs())) else { return Ok(()) };
        let after = evaluate(&text, &typed_inputs(index, false));
        let after = after.map_err(|error| TestCaseError::fail(format!("{text}: {error}")))?;
        prop_assert!(promises(&after, &before), "{}: {:?} was {:?}", text, after, before);
    }

    #[test]
    fn what_types_refuse_no_value_saves(text in prop_oneof![3 => untyped(), 1 => typed()], index in prop::option::of(0..5_usize)) {
        if !has_one_way(&text) {
            return Ok(());
        }
        if let (Ok(expression), Err(_)) = (Expression::parse(&text), evaluate(&text, &typed_inputs(index, false))) {
            prop_assert!(expression.evaluate(&scope(inputs())).is_err(), "{}", text);
            prop_assert!(index.is_some() || expression.evaluate(&other_inputs()).is_err(), "{}", text);
        }
    }

    #[test]
    fn what_will_depend_on_a_secret_is_secret(text in typed(), index in 0..5_usize) {
        let known = evaluate(&text, &changed(index, false, Value::into_secret));
        let (Ok(before), Ok(after)) = (known, evaluate(&text, &typed_inputs(Some(index), true))) else { return Ok(()) };
        prop_assert!(hides(&after, &before), "{}: {:?} was {:?}", text, after, before);
    }
}

/// What anybody may see: secrets, and the nulls a secret leaves behind, look alike.
fn masked(value: &Value) -> Value {
    match value {
        Value::Secret(_) | Value::Null => Value::Null,
        Value::List(items) => Value::list(items.iter().map(masked)),
        Value::Map(entries) => Value::map(entries.iter().map(|(key, value)| (key.clone(), masked(value)))),
        other => other.clone(),
    }
}

/// Parses and evaluates, and checks that errors and references lie within the text.
fn check_total(text: &str) -> Result<(), TestCaseError> {
    match Expression::parse(text) {
        Ok(expression) => {
            for reference in expression.references() {
                prop_assert!(text.get(reference.range.clone()).is_some_and(|used| !used.is_empty()), "{}", text);
            }
            if let Err(error) = expression.evaluate(&scope(inputs())) {
                prop_assert!(text.get(error.range).is_some(), "{}", text);
            }
        }
        Err(error) => prop_assert!(text.get(error.range.clone()).is_some(), "{}: {:?}", text, error),
    }
    Ok(())
}

/// Half of what tokio and the test harness give their threads.
const STACK: usize = 1 << 20;

#[test]
fn hostile_nesting_is_refused_or_survived() {
    let thread = std::thread::Builder::new().stack_size(STACK).spawn(nest_in_every_way);
    thread.expect("a thread").join().expect("nothing panics");
}

/// Texts built to use up the stack of a parser, an evaluator or a destructor.
fn nest_in_every_way() {
    let shapes: [(&str, &str, &str); 18] = [
        ("(", "1", ")"),
        ("[", "", "]"),
        ("{\"a\": ", "1", "}"),
        ("f(", "1", ")"),
        ("string(", "1", ")"),
        ("1 + ", "1", ""),
        ("", "1", " + 1"),
        ("", "a", ".b"),
        ("", "a", "[0]"),
        ("", "a", ".size()"),
        ("!-", "1", ""),
        ("!", "t", ""),
        ("t ? ", "1", " : 2"),
        ("t ? 1 : ", "1", ""),
        ("t && ", "t", ""),
        ("has(", "a.b", ".c)"),
        ("l.map(x, ", "1", ")"),
        ("", "l", ".map(x, x)"),
    ];
    for count in [10, 20, 40, 60, 80, 150, 1_000, 20_000] {
        for (before, middle, after) in shapes {
            let text = format!("{}{middle}{}", before.repeat(count), after.repeat(count));
            if let Ok(expression) = Expression::parse(&text) {
                let _ = (expression.evaluate(&scope(inputs())), expression.references());
            }
            let _ = (Expression::parse(&before.repeat(count)), Expression::parse(&after.repeat(count)));
        }
    }
}

#[test]
fn generous_expressions_are_accepted() {
    let long = vec!["\"x\""; 60].join(" + ");
    let wide = format!("[{}]", vec!["1 + 1"; 2_000].join(", "));
    let deep = format!("{}1{}", "[".repeat(40), "]".repeat(40));
    let choice = format!("{}0", "a == 1 ? 2 : ".repeat(40));
    for text in [long, wide, deep, choice] {
        assert!(evaluate(&text, &scope(inputs())).is_ok(), "{text}");
    }
}
