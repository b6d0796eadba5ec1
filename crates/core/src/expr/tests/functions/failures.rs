//! `try` and `can`.

use super::*;

#[test]
fn what_fails_is_passed_over() {
    assert_true(&[
        r#"try({"a": 1}.b, "none") == "none" && try(1, int("x")) == 1"#,
        r#"try(vp.id, vpc.cidr_blok, int("x"), "last") == "last""#,
        r#"try(nothing.arn, "none") == "none" && !can(nothing.arn)"#,
        "can(n) && !can(n.x) && !can(1 / 0)",
        "try(vpc.id, 1) == vpc.id || true",
    ]);
    assert_fails(&[("try(int(\"x\"), 1 / 0)", "division by zero"), ("try(range(5000000), 1)", "steps")]);
}

#[test]
fn what_is_not_known_may_still_fail() {
    let value = |text: &str| evaluate(text, &sample()).expect(text);
    let awaits = |text: &str| value(text).awaits().iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    assert_eq!(value("try(vpc.id, 1)"), awaiting("vpc", "id"));
    assert_eq!(value("can(vpc.id)"), Value::Bool(true));
    assert_eq!(value("try(vpc, 1)"), value("vpc"));
    assert_eq!(awaits("try(int(\"x\"), unknown.a, vpc.id)"), "other.arn vpc.id");
    assert_eq!(awaits("try([unknown.a], [])"), "other.arn");
    assert_eq!(awaits("try([1, unknown.a][0], 2)"), "other.arn");
    assert_eq!(value("try([vpc.id], [])"), value("[vpc.id]"));
    assert_eq!(awaits("can(unknown.a)"), "other.arn");
    assert_eq!(value("try(public[\"us-east-1a\"].id, unknown)"), Value::from("subnet-1"));
}

#[test]
fn what_a_secret_makes_fail_is_secret() {
    let value = |text: &str| evaluate(text, &sample()).expect(text);
    assert_eq!(value("try(int(secret), 0)"), Value::from(0).into_secret());
    assert_eq!(value("can(int(secret))"), Value::from(false).into_secret());
    assert_eq!(value("can(secret == \"s3cret\" ? 1 : int(\"x\"))"), Value::from(true).into_secret());
    assert_eq!(value("try(yes ? int(\"x\") : 1, 2)"), Value::from(2).into_secret());
    assert_eq!(value("try(db.name, 0)"), Value::from("shop"));
    assert_eq!(value("try(db.nope, 0)"), Value::from(0));
}
