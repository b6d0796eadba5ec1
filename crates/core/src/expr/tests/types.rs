//! What is not known has a type, and evaluating with it is the check of types.

use super::*;
use crate::schema::{Field, ObjectType};

fn list(inner: Type) -> Type {
    Type::List(Box::new(inner))
}

fn object<const N: usize>(fields: [(&str, Type); N]) -> Type {
    let fields = fields.map(|(name, ty)| (name.to_owned(), Field::required(ty, "")));
    Type::Object(Arc::new(ObjectType { fields: fields.into() }))
}

/// Names of which only the types are known.
fn typed() -> Fixed {
    let later = |name: &str, ty| Value::unknown(Attribute { address: Address::root("x"), name: name.to_owned() }, ty);
    let rule = object([("port", Type::integer()), ("cidr", Type::string())]);
    let secret = Type::String(crate::schema::StringType { secret: true, ..Default::default() });
    let names = [
        ("text", Type::string()),
        ("count", Type::integer()),
        ("rate", Type::number()),
        ("flag", Type::Bool),
        ("words", list(Type::string())),
        ("rules", list(rule.clone())),
        ("rule", rule),
        ("tags", Type::Map(Box::new(Type::string()))),
        ("any", Type::Any),
        ("policy", Type::Policy),
        ("login", object([("user", Type::string()), ("password", secret)])),
    ];
    let mut typed = sample();
    typed.names.extend(names.map(|(name, ty)| (name.to_owned(), later(name, ty))));
    typed
}

#[test]
fn the_type_of_what_is_not_known_follows() {
    for (text, ty) in [
        ("rule.port", "integer"),
        ("rules[0].cidr", "string"),
        ("rules[count]", "object"),
        ("words[any]", "string"),
        ("rule[\"port\"]", "integer"),
        ("rule[text]", "any value"),
        ("tags.name", "string"),
        ("tags[text]", "string"),
        ("any.x[0].y", "any value"),
        ("policy.Statement", "any value"),
        ("has(tags.x)", "boolean"),
        ("public[text].az", "string"),
        ("[1, 2][count]", "integer"),
        ("{text: 1}", "map of integers"),
        ("count + 1", "integer"),
        ("count + 1.5", "number"),
        ("-rate", "number"),
        ("text + \"x\"", "string"),
        ("any + \"x\"", "string"),
        ("words + [\"x\"]", "list of strings"),
        ("words + []", "list of strings"),
        ("words + [1]", "list"),
        ("count < 3", "boolean"),
        ("count == text", "boolean"),
        ("text in words", "boolean"),
        ("text in rule", "boolean"),
        ("!flag", "boolean"),
        ("flag && any", "boolean"),
        ("flag ? count : 2", "integer"),
        ("flag ? count : 2.5", "number"),
        ("flag ? count : null", "integer"),
        ("flag ? count : text", "any value"),
        ("flag ? [\"a\"] : words", "list of strings"),
        ("flag ? {\"a\": 1} : {\"b\": 2}", "map of integers"),
        ("any ? 10 / count : int(\"x\")", "integer"),
        ("words.map(w, length(w))", "list of integers"),
        ("rules.filter(r, r.port > 3).map(r, r.cidr)", "list of strings"),
        ("tags.map(key, key)", "list of strings"),
        ("[1, 2].filter(n, n == count)", "list of integers"),
        ("words.all(w, w == \"a\")", "boolean"),
        ("rules.exists_one(r, r.port == 1)", "boolean"),
        ("jsondecode(text)", "any value"),
        ("\"a\".contains(text)", "boolean"),
    ] {
        match evaluate(text, &typed()) {
            Ok(Value::Unknown(unknown)) => assert_eq!(unknown.ty.shown(), ty, "{text}"),
            other => panic!("{text}: {other:?}"),
        }
    }
}

#[test]
fn what_no_value_could_be_is_refused_at_once() {
    for (text, at, message, help) in [
        ("[rule.prot]", "rule.prot", "`rule` has no `prot`", "`port`"),
        ("rule[\"prot\"]", "rule[\"prot\"]", "`rule` has no key `prot`", "`port`"),
        ("rules.port", "rules.port", "`rules` is a list, which has no fields", "rules.map(it, it.port)"),
        ("text.id", "text.id", "`text` is a string, which has no fields", "leave `.id` out"),
        ("has(count.x)", "has(count.x)", "`count` is an integer", ""),
        ("words[\"a\"]", "words[\"a\"]", "counted from 0, not by a string", ""),
        ("tags[1]", "tags[1]", "keys are strings, not an integer", ""),
        ("text[0]", "text[0]", "a string, which has no items", ""),
        ("{count: 1}", "{count: 1}", "key is a string, not an integer", ""),
        ("text + 1", "text + 1", "`+` does not join a string and an integer: use `string(…)`", ""),
        ("words + text", "words + text", "`+` needs two numbers, not a list and a string", ""),
        ("any * flag", "any * flag", "needs two numbers, not any value and a boolean", ""),
        ("-text", "-text", "needs a number, not a string", ""),
        ("words < 3", "words < 3", "a list and an integer have no order", ""),
        ("flag < any", "flag < any", "have no order", ""),
        ("1 in count", "1 in count", "not an integer", ""),
        ("1 in tags", "1 in tags", "never in it", ""),
        ("!words", "words", "`words` is a list, not true or false", "compare"),
        ("count ? 1 : 2", "count", "`count` is an integer, not true or false", ""),
        ("flag && text", "text", "`text` is a string, not true or false", ""),
        ("text.map(t, t)", "text", "`text` is a string, not a list", ""),
        ("rules.map(r, r.prot)", "r.prot", "`r` has no `prot`", ""),
        ("tags.map(key, key.x)", "key.x", "`key` is a string", "the variable is the key"),
        ("words.all(w, w)", "w", "`w` is a string, not true or false", ""),
        ("upper(count)", "upper(count)", "wants a string as its argument, not an integer", "upper(string: string)"),
        ("[join(\",\", text)]", "join(\",\", text)", "wants a list of strings as argument 2, not a string", ""),
        ("cidrsubnet(text, text, 1)", "cidrsubnet(text, text, 1)", "a whole number as argument 2, not a string", ""),
        ("length(count)", "length(count)", "wants a list, a map or a string as its argument", ""),
    ] {
        let error = evaluate(text, &typed()).expect_err(text);
        assert!(error.message.contains(message), "{text}: {}", error.message);
        let told = error.help.clone().unwrap_or_default();
        assert!(told.contains(help), "{text}: {told}");
        assert_eq!(&text[error.range], at, "{text}");
    }
}

#[test]
fn a_guarded_branch_is_not_refused_but_a_wrong_one_is() {
    for text in [
        "count > 0 ? 10 / (n - 3) : 0",
        "flag ? public[\"nope\"].id : \"x\"",
        "flag ? vpc.nope : \"x\"",
        "flag ? [1][3] : 2",
        "flag && int(\"x\") == 1",
        "flag || element([], 0) == 1",
        "flag ? coalesce(null) : 1",
        "flag ? nothing.x : 1",
        "any != null ? any.id : null",
        "has(rule.prot) ? rule.prot : \"none\"",
        "words.filter(w, w == \"a\").map(w, int(\"x\" + w))",
        "[1, 2].filter(n, n == count).map(n, n / 1)",
        "[flag, any].all(f, f)",
        "flag ? try(rule.prot, 1) : 2",
        "words.map(w, element([], 0))",
        "words.all(w, 1 / 0 == 1)",
    ] {
        assert!(evaluate(text, &typed()).is_ok(), "{text}: {:?}", evaluate(text, &typed()));
    }
    for (text, at) in [
        ("flag ? vpc.cidr_block + 1 : 2", "vpc.cidr_block + 1"),
        ("flag ? 1 : rule.prot", "rule.prot"),
        ("flag ? (any ? 1 : \"a\" * 2) : 2", "\"a\" * 2"),
        ("flag && n", "n"),
        ("flag || upper(1) == \"\"", "upper(1)"),
        ("flag ? vp.id : 2", "vp"),
        ("flag ? 1 / 0 : int(\"x\")", "1 / 0"),
        ("[1, 2].filter(n, n == count && n + \"a\" == \"\")", "n + \"a\""),
        ("flag ? [1, 2].map(n, n.x) : []", "n.x"),
    ] {
        let error = evaluate(text, &typed()).expect_err(text);
        assert_eq!(&text[error.range.clone()], at, "{text}: {}", error.message);
    }
}

#[test]
fn what_will_be_secret_taints() {
    let secrecy = |text: &str| match evaluate(text, &typed()) {
        Ok(Value::Unknown(unknown)) => unknown.is_secret,
        other => panic!("{text}: {other:?}"),
    };
    for text in [
        "login.password",
        "login[\"password\"]",
        "login.password + \"!\"",
        "upper(login.password)",
        "jsonencode(login)",
        "[login].map(l, l.password)[0]",
        "any == login",
        "length(login.password) > 3 && flag",
        "flag ? secret : text",
        "flag ? secret : 1",
        "yes ? text : any",
        "yes ? [text] : []",
        "any[secret]",
        "{text: secret}[any]",
        "flag && yes",
        "[flag, yes].all(f, f)",
        "[1, 2].filter(n, yes && flag)",
        "coalesce(any, secret)",
        "coalesce(db.password.replace(\"hunter2\", \"\"), any)",
        "lookup(any, \"a\", secret)",
        "try(any.x, secret)",
        "can(any[secret])",
        "hashed + \"x\"",
        "secret_value(text)",
        "templatefile(text, {\"a\": 1, \"b\": login.password}) + login.password",
    ] {
        assert!(secrecy(text), "{text}");
    }
    for text in [
        "login.user",
        "login",
        "flag ? db : {\"name\": \"\", \"password\": \"\"}",
        "(flag ? db : {\"name\": \"\", \"password\": \"\"}).name",
        "keys(any)",
        "length([secret, any]) + count",
        "flag ? 1 : 2",
        "concat(words, [text])",
    ] {
        assert!(!secrecy(text), "{text}");
    }
    assert!(secrecy("(flag ? db : {\"name\": \"\", \"password\": \"\"}).password"));
}

#[test]
fn an_absent_resource_is_told_of() {
    let error = evaluate("[nothing.arn]", &typed()).expect_err("null has no fields");
    assert_eq!(error.message, "`nothing` is null, which has no fields");
    let help =
        "`nothing` is absent here: guard it, as in `has(nothing.arn) ? nothing.arn : …` or `try(nothing.arn, …)`";
    assert_eq!(error.help.as_deref(), Some(help));
    for guarded in ["has(nothing.arn) ? nothing.arn : \"none\"", "try(nothing.arn, \"none\")"] {
        assert_eq!(evaluate(guarded, &typed()), Ok(Value::from("none")), "{guarded}");
    }
}

/// A scope that works out members of `local` one by one and cannot tell all of it.
struct Members;

impl Scope for Members {
    fn lookup(&self, name: &str) -> Option<Value> {
        (name == "other").then(|| map([("a", Value::from(1))]))
    }

    fn member(&self, name: &str, field: &str) -> Option<Value> {
        (name == "local" && field == "a").then(|| Value::from(2))
    }

    fn zones(&self) -> Value {
        Value::Null
    }

    fn secret_value(&self, _: &str) -> Result<Value, String> {
        Err("none".to_owned())
    }

    fn file(&self, _: &str) -> Result<Arc<str>, String> {
        Err("none".to_owned())
    }
}

#[test]
fn a_member_is_asked_for_before_all_of_a_name() {
    assert_eq!(evaluate("local.a + other.a", &Members), Ok(Value::from(3)));
    assert_eq!(evaluate("has(local.a)", &Members), Ok(Value::from(true)));
    assert!(evaluate("local.b", &Members).is_err() && evaluate("local", &Members).is_err());
}

#[test]
fn types_of_nested_values_stay_small() {
    let nested = format!("any.map(x, x){}", ".map(x, {\"a\": x, \"b\": x})".repeat(30));
    assert!(matches!(evaluate(&nested, &typed()), Ok(Value::Unknown(_))));
    let chosen = format!("{}any{}", "(flag ? {\"a\": ".repeat(15), "} : {\"b\": rules})".repeat(15));
    assert!(matches!(evaluate(&chosen, &typed()), Ok(Value::Unknown(_))));
}
