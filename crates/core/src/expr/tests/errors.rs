//! What is refused, where, and with what advice.

use super::*;

/// The text the error points at, its message and its help.
fn refused(text: &str) -> (&str, String, String) {
    let error = evaluate(text, &sample()).expect_err(text);
    (&text[error.range], error.message, error.help.unwrap_or_default())
}

#[test]
fn what_does_not_parse_is_named_and_pointed_at() {
    let cases = [
        ("", "", "empty", "name a value"),
        ("  // nothing", "  // nothing", "empty", ""),
        ("a +", "", "ends too early", ""),
        ("f(a", "(", "never closed", ""),
        ("[a)", ")", "`)` closes nothing", ""),
        ("a)", ")", "closes nothing", ""),
        ("\"abc", "\"abc", "never closed", ""),
        ("a = b", "=", "does not compare", "=="),
        ("a & b", "&", "stands alone", "&&"),
        ("a ? b", "", "lacks its `:`", "condition ? a : b"),
        ("a b", "b", "`b` does not belong here", ""),
        ("a.", "", "ends too early", ""),
        ("a.1", ".1", "does not belong", ""),
        ("${vpc.id}", "$", "`$` has no meaning", "without"),
        ("ä", "ä", "`ä` has no meaning", ""),
        ("a.`b-c`", "`b-c`", "not quoted", "a[\"b-c\"]"),
        ("12ab", "12a", "no number", ""),
        ("99999999999999999999", "99999999999999999999", "too large", ""),
        ("\"\\q\"", "\"\\q\"", "escape", ""),
        ("function", "function", "word of the expression language", "rename"),
        ("1u", "1u", "unsigned", "leave"),
        ("b'x'", "b'x'", "byte strings", ""),
        ("a{b: 1}", "a", "no name before", ""),
        ("a.?b", ".", "does not belong", ""),
        ("has(a)", "a", "asks for a field", "has(a.b)"),
        ("public.map(a.b, a)", ".", "new name", "list.map"),
        ("public.map(a)", "public.map(a)", "not used like this", "list.map(x, x.id)"),
    ];
    for (text, at, message, help) in cases {
        let refused = refused(text);
        assert_eq!(refused.0, at, "{text}: {refused:?}");
        assert!(refused.1.contains(message) && refused.2.contains(help), "{text}: {refused:?}");
    }
}

#[test]
fn calls_are_checked_when_parsed() {
    let cases = [
        ("1 + cidrsubet(vpc.cidr_block, 8, 1)", "cidrsubet", "no function `cidrsubet`", "`cidrsubnet`"),
        ("frobnicate()", "frobnicate", "no function", ""),
        ("public.mapp(x, x)", "mapp", "no function `mapp`", "`map`"),
        ("[zones()]", "zones()", "does not take 0 arguments", "`zones(count: integer) -> list<string>`"),
        ("\"x\" . startsWith ( )", "\"x\" . startsWith ( )", "does not take 0 arguments", ""),
        ("join(\",\")", "join(\",\")", "1 argument", ""),
        (
            "env.split(\",\")",
            "env.split(\",\")",
            "no method",
            "`split(separator: string, string: string) -> list<string>`",
        ),
    ];
    for (text, at, message, help) in cases {
        let error = Expression::parse(text).expect_err(text);
        assert_eq!(&text[error.range], at, "{text}");
        assert!(error.message.contains(message), "{text}: {}", error.message);
        assert!(error.help.unwrap_or_default().contains(help), "{text}");
    }
}

#[test]
fn what_cannot_be_evaluated_is_named_and_pointed_at() {
    let cases = [
        ("1 + vp.id", "vp", "nothing here is named `vp`", ""),
        ("[vpc.cidr_blok]", "vpc.cidr_blok", "`vpc` has no `cidr_blok`", "`cidr_block`"),
        ("public[\"us-east-1c\"].id", "public[\"us-east-1c\"]", "no key `us-east-1c`", ""),
        ("env.name", "env.name", "`env` is a string", ""),
        ("[1, 2][2]", "[1, 2][2]", "has 2 items", ""),
        ("[1, 2][-1]", "[1, 2][-1]", "none at -1", ""),
        ("env + 1", "env + 1", "string(", ""),
        ("env - env", "env - env", "two numbers", ""),
        ("n < env", "n < env", "no order", ""),
        ("n in n", "n in n", "a list or a map", ""),
        ("env ? 1 : 2", "env", "`env` is a string, not true or false", ""),
        ("true && n", "n", "not true or false", ""),
        ("!n", "n", "not true or false", ""),
        ("-env", "-env", "needs a number", ""),
        ("n.map(x, x)", "n", "not a list", ""),
        ("nothing.map(x, x)", "nothing", "not a list", "coalesce"),
        ("{1: 2}", "{1: 2}", "key is a string", ""),
        ("{\"a\": 1, \"a\": 2}", "{\"a\": 1, \"a\": 2}", "twice", ""),
        ("1 / 0", "1 / 0", "division by zero", ""),
        ("1 % (n - 3)", "1 % (n - 3)", "division by zero", ""),
        ("1.0 / 0", "1.0 / 0", "division by zero", ""),
        ("9223372036854775807 + 1", "9223372036854775807 + 1", "too large", ""),
        ("-9223372036854775808 * -1", "-9223372036854775808 * -1", "too large", ""),
        ("(-9223372036854775807 - 1) / -1", "(-9223372036854775807 - 1) / -1", "too large", ""),
        ("1e308 * 10", "1e308 * 10", "too large", ""),
        ("[cidrhost(env, 1)]", "cidrhost(env, 1)", "no address range", "cidrhost(prefix: string, hostnum: integer)"),
    ];
    for (text, at, message, help) in cases {
        let refused = refused(text);
        assert_eq!(refused.0, at, "{text}: {refused:?}");
        assert!(refused.1.contains(message) && refused.2.contains(help), "{text}: {refused:?}");
    }
}

#[test]
fn no_error_quotes_a_secret() {
    for text in [
        "cidrhost(secret, 1)",
        "int(secret)",
        "public[secret]",
        "{\"a\": 1}[secret]",
        "lookup({}, secret)",
        "secret - 1",
        "{secret: 1, \"s3cret\": 2}",
        "secret ? 1 : 2",
        "format(secret, 1)",
        "\"x\".matches(\"(\" + secret)",
        "[secret].map(x, int(x))",
        "jsondecode(secret)",
    ] {
        let error = evaluate(text, &sample()).expect_err(text);
        let said = format!("{error:?}");
        assert!(!said.contains("s3cret"), "{text}: {said}");
    }
}

#[test]
fn what_would_take_too_long_or_too_much_is_refused() {
    let doubling = format!("[\"0123456789abcdef\"]{}", ".map(x, x + x)".repeat(30));
    let nesting = format!("jsonencode([1]{})", ".map(x, [x, x])".repeat(40));
    let joining = "[join(\"0123456789\", range(9999))].map(x, [x, x, x, x, x, x, x, x, x, x]).map(l, join(\"\", l)).map(x, replace(x, \"1\", x))";
    for text in [
        "range(2000).map(x, range(2000).map(y, x * y))",
        "range(1001).all(x, range(1001).all(y, true))",
        &doubling,
        &nesting,
        joining,
        "replace(join(\"a\", range(99999)), \"/.*/\", \"$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0\")",
        "range(90000).map(x, format(\"%1000d\", x))",
    ] {
        let error = evaluate(text, &sample()).expect_err(text);
        assert!(error.message.contains("steps"), "{text}: {}", error.message);
    }
}
