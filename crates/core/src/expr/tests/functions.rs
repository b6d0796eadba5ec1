//! The functions, on the examples of Terraform's reference and at their edges.

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
        assert_true(&[function.example]);
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

#[test]
fn strings_are_as_in_terraform() {
    assert_true(&[
        r#"format("Hello, %s!", "Ander") == "Hello, Ander!""#,
        r#"format("There are %d lights", 4) == "There are 4 lights""#,
        r#"format("%05d|%-5d|%+d|% d|%5s|%-5s|", 42, 42, 42, 42, "ab", "ab") == "00042|42   |+42| 42|   ab|ab   |""#,
        r#"format("%.2f %f %08.3f", 3.14159, 1, -2.5) == "3.14 1.000000 -002.500""#,
        r#"format("%q %v %v %t %x %X %%", "a\"b", [1, "x"], 1.5, true, 255, 255) == "\"a\\\"b\" [1,\"x\"] 1.5 true ff FF %""#,
        r#"join("", ["foo"]) == "foo" && join(", ", ["foo"]) == "foo" && join(",", []) == """#,
        r#"join("-", ["a"], ["b", 1, true]) == "a-b-1-true""#,
        r#"split(",", "foo") == ["foo"] && split(",", "") == [""] && split("", "añb") == ["a", "ñ", "b"]"#,
        r#"replace("hello world", "/w.*d/", "everybody") == "hello everybody""#,
        r#"replace("a-b", "/(a)-(b)/", "$2-$1") == "b-a""#,
        r#"upper("алло!") == "АЛЛО!" && lower("АЛЛО!") == "алло!""#,
        r#"trim("foobar", "far") == "oob" && trim("   hello! world.!  ", "! ") == "hello! world.""#,
        r#"trimprefix("helloworld", "cat") == "helloworld" && trimsuffix("helloworld", "cat") == "helloworld""#,
        r#"substr("hello world", -5, -1) == "world" && substr("hello world", 6, 10) == "world""#,
        r#"substr("añb", 1, 1) == "ñ" && substr("ab", -9, 1) == "a" && substr("ab", 5, 1) == """#,
        r#""añb".size() == 3 && length("añb") == 3"#,
        r#""abc".matches("^a") && !"abc".matches("^b")"#,
        r#"string(1.0) == "1" && string(1.5) == "1.5" && string(true) == "true""#,
        r#""a-b-c".replace("-", "") == "abc""#,
    ]);
    assert_fails(&[
        (r#"format("%d", "x")"#, "does not take a string"),
        (r#"format("%s")"#, "no value for `%s`"),
        (r#"format("x", 1, 2)"#, "2 values too many"),
        (r#"format("100%")"#, "lone `%`"),
        (r#"format("%y", 1)"#, "means nothing"),
        (r#"format("%99999d", 1)"#, "at most"),
        (r#"join(",", [[1]])"#, "a list has no text"),
        (r#"substr("x", 0, -2)"#, "-1 or more"),
        (r#""x".matches("(")"#, "no regular expression"),
        ("upper(1)", "wants a string as its argument, not an integer"),
    ]);
}

#[test]
fn collections_are_as_in_terraform() {
    assert_true(&[
        r#"chunklist(["a", "b", "c", "d", "e"], 2) == [["a", "b"], ["c", "d"], ["e"]]"#,
        r#"chunklist(["a", "b", "c"], 1) == [["a"], ["b"], ["c"]] && chunklist(["a", "b"], 0) == [["a", "b"]]"#,
        r#"coalesce("", "b") == "b" && coalesce(1, 2) == 1 && coalesce(nothing, false) == false"#,
        r#"concat(["a", ""], ["b", "c"]) == ["a", "", "b", "c"]"#,
        r#"distinct(["a", "b", "a", "c", "d", "b"]) == ["a", "b", "c", "d"] && distinct([1, 1.0, "1"]) == [1, "1"]"#,
        r#"element(["a", "b", "c"], 1) == "b" && element(["a", "b", "c"], -1) == "c""#,
        r#"flatten([["a", "b"], [], ["c"]]) == ["a", "b", "c"] && flatten([[["a", "b"], []], ["c"]]) == ["a", "b", "c"]"#,
        r#"keys({"a": 1, "c": 2, "d": 3}) == ["a", "c", "d"] && keys(["x", "y"]) == [0, 1]"#,
        r#"values({"a": 3, "c": 2, "d": 1}) == [3, 2, 1] && values([1]) == [1]"#,
        r#"length([]) == 0 && length({"a": "b"}) == 1 && length("hello") == 5"#,
        r#"lookup({"a": "ay", "b": "bee"}, "a", "what?") == "ay" && lookup({"a": "ay"}, "c", "what?") == "what?""#,
        r#"merge({"a": "b", "c": "d"}, {"e": "f", "c": "z"}) == {"a": "b", "c": "z", "e": "f"}"#,
        r#"merge({"a": 1}, nothing) == {"a": 1} && merge() == {}"#,
        "range(1, 4) == [1, 2, 3] && range(4, 1) == [4, 3, 2] && range(10, 5, -2) == [10, 8, 6]",
        "range(1, 4, 0.5) == [1, 1.5, 2, 2.5, 3, 3.5] && range(0) == [] && range(2, 2) == [] && range(-2) == [0, -1]",
        r#"sort(["e", "d", "a", "x"]) == ["a", "d", "e", "x"] && sort([10, 9.5, 2]) == [2, 9.5, 10]"#,
        r#"slice(["a", "b", "c", "d"], 1, 3) == ["b", "c"] && slice([1], 1, 1) == []"#,
        r#"toset(["a", "b", "c", "c"]) == ["a", "b", "c"] && reverse([]) == []"#,
        r#"zipmap(["a", "b"], [1, 2]) == {"a": 1, "b": 2}"#,
        r#"["a", "b"].contains("b") && !contains(["a"], "c") && contains([1], 1.0)"#,
        r#"type(1) == "integer" && type("") == "string" && type({}) == "map" && type(nothing) == "null""#,
    ]);
    assert_fails(&[
        ("element([], 0)", "empty"),
        (r#"lookup({"a": 1}, "b")"#, "no default"),
        (r#"coalesce(null, "")"#, "every value is null or empty"),
        ("range(0, 5, 0)", "never lead"),
        ("range(0, 5, -1)", "never lead"),
        ("range(5000000)", "steps"),
        ("slice([1, 2], 1, 3)", "has 2 items"),
        ("slice([1, 2], 2, 1)", "has 2 items"),
        (r#"sort([1, "a"])"#, "order"),
        (r#"zipmap(["a"], [])"#, "1 key but 0 values"),
        (r#"merge({"a": 1}, [1])"#, "argument 2"),
        ("chunklist([1], -1)", "cannot be -1"),
        ("length(1)", "an integer has no length"),
    ]);
}

#[test]
fn networks_are_as_in_terraform() {
    assert_true(&[
        r#"cidrsubnet("172.16.0.0/12", 4, 2) == "172.18.0.0/16""#,
        r#"cidrsubnet("10.1.2.0/24", 4, 15) == "10.1.2.240/28""#,
        r#"cidrsubnet("fd00:fd12:3456:7890::/56", 16, 162) == "fd00:fd12:3456:7800:a200::/72""#,
        r#"cidrsubnet("10.0.0.7/16", 0, 0) == "10.0.0.0/16""#,
        r#"cidrsubnet("0.0.0.0/0", 32, 4294967295) == "255.255.255.255/32""#,
        r#"cidrsubnet("::/0", 128, 1) == "::1/128""#,
        r#"cidrhost("10.12.112.0/20", 268) == "10.12.113.12""#,
        r#"cidrhost("fd00:fd12:3456:7890:00a2::/72", 34) == "fd00:fd12:3456:7890::22""#,
        r#"cidrhost("10.0.0.0/8", -1) == "10.255.255.255" && cidrhost("10.0.0.0/8", -2) == "10.255.255.254""#,
        r#"cidrhost("10.0.0.1/32", 0) == "10.0.0.1" && cidrhost("0.0.0.0/0", -1) == "255.255.255.255""#,
        r#"cidrhost("::/0", -1) == "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" && cidrhost("::1/128", -1) == "::1""#,
        r#"zones(2) == ["us-east-1a", "us-east-1b"] && zones(0) == []"#,
    ]);
    assert_fails(&[
        (r#"cidrsubnet("10.0.0.0/16", 17, 0)"#, "no room for 17"),
        (r#"cidrsubnet("10.0.0.0/16", 300, 0)"#, "no room for 300"),
        (r#"cidrsubnet("10.0.0.0/16", 8, 256)"#, "8 bits hold no subnet number 256"),
        (r#"cidrsubnet("10.0.0.0/16", -1, 0)"#, "cannot be -1"),
        (r#"cidrsubnet("10.0.0.0/16", 8, -1)"#, "cannot be -1"),
        (r#"cidrsubnet("10.0.0.0/33", 8, 1)"#, "no address range"),
        (r#"cidrsubnet("vpc", 8, 1)"#, "no address range"),
        (r#"cidrhost("10.0.0.0/24", 256)"#, "no host number 256"),
        (r#"cidrhost("10.0.0.0/24", -257)"#, "no host number -257"),
        ("zones(4)", "has 3 availability zones, not 4"),
        ("zones(-1)", "cannot be -1"),
    ]);
}

#[test]
fn encodings_are_as_in_terraform() {
    assert_true(&[
        r#"jsonencode({"b": [1, 1.5, 2.0, null, true], "a": "<&>"}) == '{"a":"\\u003c\\u0026\\u003e","b":[1,1.5,2,null,true]}'"#,
        r#"jsondecode("[1, 1.5, null, {\"$hash\": \"x\"}]") == [1, 1.5, null, {"$hash": "x"}]"#,
        r#"jsondecode(jsonencode(public)) == public"#,
        r#"base64decode(base64encode("añb")) == "añb" && base64encode("") == """#,
        r#"sha256("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855""#,
    ]);
    assert_fails(&[
        (r#"base64decode("!")"#, "no Base64"),
        (r#"base64decode("/w==")"#, "UTF-8"),
        (r#"jsondecode("{")"#, "no JSON"),
    ]);
}

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
