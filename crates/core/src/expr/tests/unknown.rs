//! What is unknown, what is secret, and what neither spoils.

use super::*;

fn known(text: &str) -> Value {
    evaluate(text, &sample()).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// The attributes `text` awaits, which must be unknown.
fn awaited(text: &str) -> String {
    let value = known(text);
    assert!(matches!(value, Value::Unknown(_)), "{text} is known: {value:?}");
    value.awaits().iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

#[test]
fn an_operation_on_an_unknown_awaits_the_same() {
    let cases = [
        ("vpc.id", "vpc.id"),
        ("vpc.id + unknown", "other.arn vpc.id"),
        ("\"x-\" + vpc.id", "vpc.id"),
        ("unknown.name[0]", "other.arn"),
        ("public[unknown]", "other.arn"),
        ("has(unknown.x)", "other.arn"),
        ("!unknown", "other.arn"),
        ("-unknown", "other.arn"),
        ("unknown ? 1 : vpc.id", "other.arn vpc.id"),
        ("unknown ? int(\"x\") : 1", "other.arn"),
        ("unknown && true", "other.arn"),
        ("unknown || vpc.id", "other.arn vpc.id"),
        ("unknown && int(\"x\") == 1", "other.arn"),
        ("vpc.id == null", "vpc.id"),
        ("[1, vpc.id] == [1, 2]", "vpc.id"),
        ("1 in [vpc.id, 1]", "vpc.id"),
        ("jsonencode({\"a\": [vpc.id]})", "vpc.id"),
        ("join(\",\", [\"a\", vpc.id, unknown])", "other.arn vpc.id"),
        ("{unknown: vpc.id}", "other.arn vpc.id"),
        ("unknown.map(x, x)", "other.arn"),
        ("[1, 2].filter(x, x == vpc.id)", "vpc.id"),
        ("[unknown, true].all(x, x)", "other.arn"),
        ("[unknown, int(n)].exists(x, x == 4)", "other.arn"),
        ("[unknown, 3].exists_one(x, x == 3)", "other.arn"),
        ("concat([1], unknown)", "other.arn"),
        ("flatten([[1], vpc.id])", "vpc.id"),
        ("zipmap([vpc.id], [1])", "vpc.id"),
        ("coalesce(null, vpc.id, unknown)", "other.arn vpc.id"),
        ("hashed + \"x\"", ""),
        ("unknown + secret", "other.arn"),
        ("yes ? [vpc.id] : []", "vpc.id"),
    ];
    for (text, expected) in cases {
        assert_eq!(awaited(text), expected, "{text}");
    }
}

#[test]
fn an_unknown_spoils_no_more_than_it_must() {
    let id = awaiting("vpc", "id");
    let cases = [
        ("vpc.cidr_block", Value::from("10.0.0.0/16")),
        ("has(vpc.id)", Value::Bool(true)),
        ("has(vpc.nope)", Value::Bool(false)),
        ("has(nothing.nope)", Value::Bool(false)),
        ("false && unknown", Value::Bool(false)),
        ("unknown && false", Value::Bool(false)),
        ("unknown || true", Value::Bool(true)),
        ("true ? 1 : unknown", Value::Integer(1)),
        ("[1, vpc.id]", Value::list([Value::Integer(1), id.clone()])),
        ("[1, vpc.id][0]", Value::Integer(1)),
        ("{\"a\": vpc.id}", map([("a", id.clone())])),
        ("{\"a\": vpc.id, \"b\": 2}.b", Value::Integer(2)),
        ("[1] + [vpc.id]", Value::list([Value::Integer(1), id.clone()])),
        ("concat([1], [vpc.id])", Value::list([Value::Integer(1), id.clone()])),
        ("merge({\"a\": vpc.id}, {\"b\": 1}).b", Value::Integer(1)),
        ("length([vpc.id, unknown])", Value::Integer(2)),
        ("keys(vpc)", Value::list(["cidr_block", "id"].map(Value::from))),
        ("\"id\" in vpc", Value::Bool(true)),
        ("zipmap([\"a\"], [vpc.id])", map([("a", id.clone())])),
        ("[vpc.id].map(x, x)", Value::list([id.clone()])),
        ("[1, 2].map(x, x == 1 ? vpc.id : 0)", Value::list([id, Value::Integer(0)])),
        ("[unknown, false].all(x, x)", Value::Bool(false)),
        ("[unknown, true].exists(x, x)", Value::Bool(true)),
        ("coalesce(env, unknown)", Value::from("dev")),
    ];
    for (text, expected) in cases {
        assert_eq!(known(text), expected, "{text}");
    }
}

#[test]
fn zones_are_unknown_where_they_were_not_asked() {
    let scope = Fixed { zones: Value::Unknown(Default::default()), ..sample() };
    for (text, ty) in [
        ("zones(2)", Type::List(Box::new(Type::string()))),
        ("zones(2).map(z, z)", Type::List(Box::new(Type::string()))),
        ("zones(n)[0]", Type::string()),
    ] {
        assert_eq!(evaluate(text, &scope), Ok(Value::Unknown(Unknown::of(ty))), "{text}");
    }
}

#[test]
fn what_is_made_of_a_secret_is_secret() {
    let list = |items: &[i64]| Value::list(items.iter().copied().map(Value::from));
    let cases = [
        ("secret", Value::from("s3cret")),
        ("secret + \"!\"", Value::from("s3cret!")),
        ("upper(secret)", Value::from("S3CRET")),
        ("secret.startsWith(\"s\")", Value::Bool(true)),
        ("secret == \"s3cret\"", Value::Bool(true)),
        ("secret != \"s3cret\"", Value::Bool(false)),
        ("secret < \"t\"", Value::Bool(true)),
        ("db.password == null", Value::Bool(false)),
        ("!yes", Value::Bool(false)),
        ("yes && true", Value::Bool(true)),
        ("true && yes", Value::Bool(true)),
        ("yes || unknown", Value::Bool(true)),
        ("unknown || yes", Value::Bool(true)),
        ("yes ? 1 : 2", Value::Integer(1)),
        ("yes ? {\"a\": secret} : {}", map([("a", Value::from("s3cret"))])),
        ("jsonencode({\"a\": [secret]})", Value::from("{\"a\":[\"s3cret\"]}")),
        ("jsondecode(\"{\\\"a\\\": 1}\" + db.password.replace(db.password, \"\")).a", Value::Integer(1)),
        ("split(\"3\", secret)[0]", Value::from("s")),
        ("split(\"3\", secret).map(x, 1)", list(&[1, 1])),
        ("[1, 2].filter(x, yes)", list(&[1, 2])),
        ("[1, 2].all(x, yes)", Value::Bool(true)),
        ("[secret].exists(x, x == \"s3cret\")", Value::Bool(true)),
        ("[secret, 1].exists_one(x, x == 1)", Value::Bool(true)),
        ("{secret: 1}", map([("s3cret", Value::Integer(1))])),
        ("{\"s3cret\": 1}[secret]", Value::Integer(1)),
        ("length(secret)", Value::Integer(6)),
        ("secret in [1]", Value::Bool(false)),
        ("coalesce(db.password.replace(\"hunter2\", \"\"), \"x\")", Value::from("x")),
        ("flatten([[1], secret == \"\" ? [] : [2]])", list(&[1, 2])),
    ];
    for (text, expected) in cases {
        assert_eq!(known(text), expected.into_secret(), "{text}");
    }
}

#[test]
fn a_secret_spoils_no_more_than_it_must() {
    let secret = Value::from("s3cret").into_secret();
    let cases = [
        ("db.name", Value::from("shop")),
        ("[1, secret]", Value::list([Value::Integer(1), secret.clone()])),
        ("[1, secret][0]", Value::Integer(1)),
        ("length([secret])", Value::Integer(1)),
        ("keys(db)", Value::list(["name", "password"].map(Value::from))),
        ("merge({\"a\": secret}, {\"b\": 1})", map([("a", secret.clone()), ("b", Value::Integer(1))])),
        ("false && yes", Value::Bool(false)),
        ("coalesce(env, secret)", Value::from("dev")),
        ("[secret].map(x, x)", Value::list([secret])),
        ("hashed", Value::Secret(Secret::Hash("abc".into()))),
        ("{\"a\": hashed, \"b\": 1}.b", Value::Integer(1)),
    ];
    for (text, expected) in cases {
        assert_eq!(known(text), expected, "{text}");
    }
}

#[test]
fn operators_are_as_in_cel() {
    for text in [
        "1 + 2 * 3 == 7 && 7 / 2 == 3 && -7 / 2 == -3 && 7 % 3 == 1 && -7 % 3 == -1",
        "1 == 1.0 && 1 + 0.5 == 1.5 && 2 < 2.5 && !(1 == \"1\") && 1 != null",
        "\"a\" + \"b\" == \"ab\" && \"a\" < \"b\" && \"b\" >= \"a\"",
        "[1, 2] + [3] == [1, 2, 3] && 2 in [1, 2] && !(\"a\" in [1, 2])",
        "\"a\" in {\"a\": 1} && {\"a\": 1} == {\"a\": 1.0} && {\"a\": 1}[\"a\"] == {\"a\": 1}.a",
        "(n == 3 ? \"x\" : \"y\") == \"x\" && (false ? 1 : true ? 2 : 3) == 2",
        "[1, 2, 3].filter(x, x > 1).map(x, x * 2) == [4, 6] && [1, 2, 3].map(x, x > 1, x * 2) == [4, 6]",
        "[1, 2].all(x, x > 0) && [1, 2].exists(x, x == 2) && [1, 2].exists_one(x, x == 2)",
        "![1, 1].exists_one(x, x == 1) && [].all(x, false) && ![].exists(x, true)",
        "{\"b\": 1, \"a\": 2}.map(k, k) == [\"a\", \"b\"]",
        "[[1, 2], [3]].map(xs, xs.map(x, x + xs[0])) == [[2, 3], [6]]",
        "[1].map(n, n)[0] == 1 && n == 3",
        "r'a\\b' == 'a\\\\b' && '''a'b''' == \"a'b\" && \"\\u00e4\" == \"ä\"",
        "0x10 == 16 && 1e3 == 1000 && --1 == 1 && -n == -3 && !!true",
        "values(public).map(s, s.id) == [\"subnet-1\", \"subnet-2\"]",
        "true || int(\"x\") == 1",
        "// a comment\n true // and another",
    ] {
        assert_eq!(known(text), Value::Bool(true), "{text}");
    }
}
