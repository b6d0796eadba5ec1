//! Numbers and conversions.

use super::*;

#[test]
fn numbers_are_as_in_terraform() {
    assert_true(&[
        "abs(23) == 23 && abs(0) == 0 && abs(-12.4) == 12.4",
        "floor(5) == 5 && floor(-4.1) == -5 && ceil(5) == 5 && ceil(-5.1) == -5",
        "max([12, 54][0], 54.5) == 54.5 && min(2, 1.5) == 1.5",
        r#"int(4.9) == 4 && int(-4.9) == -4 && int("-7") == -7 && double(1) == 1.0"#,
        r#"bool("false") == false && bool(true)"#,
    ]);
    assert_fails(&[
        (r#"int("1.5")"#, "no whole number"),
        (r#"double("x")"#, "no number"),
        (r#"double("inf")"#, "too large"),
        ("floor(1e300)", "64 bits"),
        (r#"bool("yes")"#, "neither"),
        (r#"max(1, "2")"#, "a number as argument 2"),
        ("abs(-9223372036854775807 - 1)", "too large"),
    ]);
}

#[test]
fn conversions_are_as_in_terraform() {
    assert_true(&[
        r#"tostring("hello") == "hello" && tostring(1) == "1" && tostring(true) == "true" && tostring(null) == null"#,
        r#"tonumber(1) == 1 && tonumber("1") == 1 && tonumber("1.5") == 1.5 && tonumber(null) == null"#,
        r#"tobool(true) && tobool("true") && !tobool("false") && tobool(null) == null"#,
        r#"tolist(["a", "b"]) == ["a", "b"] && tomap({"a": 1}) == {"a": 1}"#,
    ]);
    assert_fails(&[
        ("tostring([])", "has no text"),
        (r#"tonumber("no")"#, "no number"),
        (r#"tobool("no")"#, "neither"),
        ("tobool(1)", "wants a string"),
        ("tolist({})", "wants a list"),
    ]);
}
