//! Plain scalars against the tables of <https://yaml.org/spec/1.2.2/#103-core-schema>.

use super::*;
use regex_lite::Regex;
use std::sync::LazyLock;

const NULL: ScalarValue = ScalarValue::Null;

fn int(value: i128) -> ScalarValue {
    ScalarValue::Int(value)
}

fn float(value: f64) -> ScalarValue {
    ScalarValue::Float(value)
}

fn truth(value: bool) -> ScalarValue {
    ScalarValue::Bool(value)
}

fn string(text: &str) -> ScalarValue {
    ScalarValue::String(text.to_owned())
}

/// What `text` without quotes is, read as the value of a key.
fn read(text: &str) -> ScalarValue {
    parsed(&format!("key: {text}\n")).get("key").unwrap().scalar_value().unwrap()
}

#[test]
fn each_scalar_is_what_the_core_schema_says() {
    let table = [
        // Null has four spellings and the value left out.
        ("", NULL),
        ("~", NULL),
        ("null", NULL),
        ("Null", NULL),
        ("NULL", NULL),
        // Booleans have three each.
        ("true", truth(true)),
        ("True", truth(true)),
        ("TRUE", truth(true)),
        ("false", truth(false)),
        ("False", truth(false)),
        ("FALSE", truth(false)),
        // Decimal integers have signs and leading zeros, which mean nothing.
        ("0", int(0)),
        ("-0", int(0)),
        ("+0", int(0)),
        ("1", int(1)),
        ("+1", int(1)),
        ("-17", int(-17)),
        ("014", int(14)),
        ("08", int(8)),
        ("-007", int(-7)),
        ("012345678901", int(12_345_678_901)),
        ("9223372036854775807", int(i128::from(i64::MAX))),
        ("9223372036854775808", int(i128::from(i64::MAX) + 1)),
        ("170141183460469231731687303715884105727", int(i128::MAX)),
        ("-170141183460469231731687303715884105728", int(i128::MIN)),
        // Octal and hexadecimal ones have no sign.
        ("0o14", int(12)),
        ("0o0", int(0)),
        ("0o777", int(511)),
        ("0x1F", int(31)),
        ("0xff", int(255)),
        ("0x3A", int(58)),
        // Floats.
        ("1e3", float(1000.0)),
        ("1E3", float(1000.0)),
        ("1e+3", float(1000.0)),
        ("12e-2", float(0.12)),
        ("3.10", float(3.1)),
        ("0.", float(0.0)),
        ("-0.0", float(-0.0)),
        (".5", float(0.5)),
        ("+12e03", float(12_000.0)),
        ("-2E+05", float(-200_000.0)),
        ("685.230_15", string("685.230_15")),
        (".inf", float(f64::INFINITY)),
        ("+.INF", float(f64::INFINITY)),
        ("-.Inf", float(f64::NEG_INFINITY)),
        ("1e999", float(f64::INFINITY)),
        ("1e-999", float(0.0)),
        ("170141183460469231731687303715884105728", float(1.701_411_834_604_692_3e38)),
        // Booleans, octal and grouped numbers of YAML 1.1, and what looks like them.
        ("yes", string("yes")),
        ("no", string("no")),
        ("No", string("No")),
        ("on", string("on")),
        ("off", string("off")),
        ("y", string("y")),
        ("n", string("n")),
        ("tRUE", string("tRUE")),
        ("nULL", string("nULL")),
        ("1_000", string("1_000")),
        ("0b1010", string("0b1010")),
        ("190:20:30", string("190:20:30")),
        ("0o8", string("0o8")),
        ("0O14", string("0O14")),
        ("0X1F", string("0X1F")),
        ("0x", string("0x")),
        ("0xG", string("0xG")),
        ("-0x1", string("-0x1")),
        ("+0o1", string("+0o1")),
        // Half of a number.
        ("+", string("+")),
        (".", string(".")),
        ("e3", string("e3")),
        ("1e", string("1e")),
        ("1e+", string("1e+")),
        (".e1", string(".e1")),
        ("1.5.0", string("1.5.0")),
        ("--1", string("--1")),
        ("+-1", string("+-1")),
        ("1 000", string("1 000")),
        ("inf", string("inf")),
        ("nan", string("nan")),
        ("Infinity", string("Infinity")),
        (".iNF", string(".iNF")),
        ("-.nan", string("-.nan")),
        // What specs hold.
        ("10.0.0.0/16", string("10.0.0.0/16")),
        ("2012-10-17", string("2012-10-17")),
        ("12:30:45", string("12:30:45")),
        ("v1.0", string("v1.0")),
        ("1.30.0", string("1.30.0")),
        ("us-east-1a", string("us-east-1a")),
        ("=", string("=")),
        ("<<", string("<<")),
        ("٣", string("٣")),
    ];
    for (text, expected) in table {
        assert_eq!(read(text), expected, "{text}");
    }
    let hexadecimal = read(&format!("0x{}", "f".repeat(40)));
    assert!(matches!(hexadecimal, ScalarValue::Float(value) if value > 1e48));
    assert!(matches!(read(".nan"), ScalarValue::Float(value) if value.is_nan()));
    assert!(matches!(read(".NAN"), ScalarValue::Float(value) if value.is_nan()));
}

#[test]
fn where_a_string_is_wanted_every_scalar_keeps_its_text() {
    for text in ["no", "on", "012345678901", "014", "1e3", "3.10", "0x1F", "+1", "1_000", ".inf", "~", "null", "TRUE"] {
        assert_eq!(parsed(&format!("key: {text}\n")).get("key").unwrap().text(), Some(text));
    }
}

#[test]
fn quotes_and_blocks_hold_strings() {
    for text in ["'1'", "\"1\"", "|-\n  1", ">-\n  1", "!!str 1", "! 1", "!<tag:yaml.org,2002:str> 1"] {
        assert_eq!(read(text), string("1"), "{text}");
    }
    assert_eq!(read("''"), string(""));
    assert_eq!(read("!!str"), string(""));
}

#[test]
fn tags_of_the_core_schema_decide() {
    assert_eq!(read("!!int \"3\""), int(3));
    assert_eq!(read("!!int 0o17"), int(15));
    assert_eq!(read("!!float 1"), float(1.0));
    assert_eq!(read("!!bool 'true'"), truth(true));
    assert_eq!(read("!!null ''"), NULL);
    assert_eq!(read("!!null"), NULL);
    for (text, tag) in [("!!int 1.0", "!!int"), ("!!int x", "!!int"), ("!!bool yes", "!!bool"), ("!!null 0", "!!null")]
    {
        assert_eq!(finding(&format!("key: {text}\n")), ("wrong-tag", tag));
    }
}

/// The expressions of the table in chapter 10.3.2, in its order, as they stand there.
static SPECIFIED: LazyLock<[(&str, Regex); 7]> = LazyLock::new(|| {
    [
        ("nothing", "^(null|Null|NULL|~|)$"),
        ("a boolean", "^(true|True|TRUE|false|False|FALSE)$"),
        ("an integer", "^[-+]?[0-9]+$"),
        ("an integer", "^0o[0-7]+$"),
        ("an integer", "^0x[0-9a-fA-F]+$"),
        ("a number", r"^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$"),
        ("a number", r"^([-+]?(\.inf|\.Inf|\.INF)|\.nan|\.NaN|\.NAN)$"),
    ]
    .map(|(kind, expression)| (kind, Regex::new(expression).unwrap()))
});

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn the_type_is_the_one_of_the_first_expression_that_matches(
        text in "[-+.~_:0-9oxXeEabfFinNaulUtrsT]{0,6}|[-+]?[0-9]{1,3}[.]?[0-9]{0,2}([eE][-+]?[0-9]{0,2})?|0[ox][0-9a-g]{0,4}"
    ) {
        let specified = SPECIFIED.iter().find(|(_, expression)| expression.is_match(&text));
        let kind = scalar::plain(&text).describe();
        prop_assert_eq!(kind, specified.map_or("a string", |(kind, _)| *kind), "{}", text);
    }
}
