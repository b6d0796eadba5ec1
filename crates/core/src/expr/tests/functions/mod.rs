//! The functions, on the examples of Terraform's reference and at their edges.

mod collections;
mod encoding;
mod failures;
mod network;
mod numbers;
mod patterns;
mod signatures;
mod sources;
mod strings;
mod templates;

use super::*;
use crate::expr::{FUNCTIONS, function};

/// Expressions that must be true.
fn assert_true(texts: &[&str]) {
    let scope = sample();
    for text in texts {
        assert_eq!(evaluate(text, &scope), Ok(Value::Bool(true)), "{text}");
    }
}

/// Expressions that parse and must fail, with a part of the message.
fn assert_fails(cases: &[(&str, &str)]) {
    let scope = sample();
    for (text, part) in cases {
        let expression = Expression::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        let error = expression.evaluate(&scope).expect_err(text);
        assert!(error.message.contains(part), "{text}: {}", error.message);
    }
}

#[test]
fn every_function_has_an_example_that_is_true() {
    for function in FUNCTIONS {
        let value = evaluate(function.example, &sample()).map(|value| bared(&value));
        assert_eq!(value, Ok(Value::Bool(true)), "{}", function.example);
        assert!(function.signature.starts_with(function.name), "{}", function.name);
        assert!(function.example.contains(function.name), "{}", function.name);
    }
}

#[test]
fn names_are_unique() {
    for candidate in FUNCTIONS {
        let found = function(candidate.name).map(|found| found.signature);
        assert_eq!(found, Some(candidate.signature));
    }
}
