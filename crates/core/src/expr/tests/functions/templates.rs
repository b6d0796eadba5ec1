//! `templatefile`.

use super::*;

/// What the template `text` becomes with `vars`.
fn filled(text: &str, vars: &str) -> Result<Value, ExprError> {
    struct OneFile<'a>(&'a str, Fixed);
    impl Scope for OneFile<'_> {
        fn lookup(&self, name: &str) -> Option<Value> {
            self.1.lookup(name)
        }
        fn zones(&self) -> Value {
            self.1.zones()
        }
        fn secret_value(&self, arn: &str) -> Result<Value, String> {
            self.1.secret_value(arn)
        }
        fn file(&self, _: &str) -> Result<Arc<str>, String> {
            Ok(self.0.into())
        }
    }
    evaluate(&format!("templatefile(\"t.tpl\", {vars})"), &OneFile(text, sample()))
}

#[test]
fn templates_are_as_in_terraform() {
    let list = r#"{"port": 8080, "ips": ["10.0.0.1", "10.0.0.2"]}"#;
    let config = r#"{"config": {"x": "y", "foo": "bar", "key": "value"}}"#;
    for (text, vars, expected) in [
        ("", "{}", ""),
        ("a $ b % c $x %y 100%", "{}", "a $ b % c $x %y 100%"),
        ("$${a} %%{ if } $$ $$$ $${", "{}", "${a} %{ if } $$ $$$ ${"),
        ("${ip}:${port + 1}", r#"{"ip": "10.0.0.1", "port": 1}"#, "10.0.0.1:2"),
        (r#"${ {"a": "}"}["a"] }"#, "{}", "}"),
        (
            "%{ for ip in ips ~}\nbackend ${ip}:${port}\n%{ endfor ~}\n",
            list,
            "backend 10.0.0.1:8080\nbackend 10.0.0.2:8080\n",
        ),
        (
            "%{ for config_key, config_value in config }\nset ${config_key} = ${config_value}\n%{ endfor ~}\n",
            config,
            "\nset foo = bar\n\nset key = value\n\nset x = y\n",
        ),
        ("%{ for i, ip in ips }${i}=${ip} %{ endfor }", list, "0=10.0.0.1 1=10.0.0.2 "),
        ("%{ for v in config }${v};%{ endfor }", config, "bar;value;y;"),
        ("%{ if n > 1 }many%{ else }one%{ endif }", r#"{"n": 2}"#, "many"),
        ("%{ if n > 1 }many%{ else }one%{ endif }", r#"{"n": 1}"#, "one"),
        ("[%{if false}x%{endif}]", "{}", "[]"),
        ("a  ${~ \"b\" ~}  \n  c", "{}", "ab  c"),
        ("a\n  ${~ \"b\" }\n", "{}", "a\nb\n"),
        ("a\n${~ \"b\" }", "{}", "ab"),
        (
            "%{ for x in xs }%{ for y in x }${y}${xs[0][0]}%{ endfor }|%{ endfor }",
            r#"{"xs": [[1], [2, 3]]}"#,
            "11|2131|",
        ),
        ("%{ for x in xs }${xs.map(x, x + 1)[0]}${x}%{ endfor }", r#"{"xs": [1]}"#, "21"),
        (
            "${jsonencode({\"b\": ips.map(ip, ip + \":\" + string(port))})}",
            list,
            r#"{"b":["10.0.0.1:8080","10.0.0.2:8080"]}"#,
        ),
    ] {
        assert_eq!(filled(text, vars), Ok(Value::from(expected)), "{text}");
    }
}

#[test]
fn an_error_names_the_line_of_the_template() {
    for (text, part) in [
        ("a\n${nope}", "`t.tpl`, line 2: nothing here is named `nope`"),
        ("a\nb\n${1 +}", "line 3: the expression ends too early"),
        ("${[1]}", "line 1: a list has no text"),
        ("${null}", "line 1: null has no text"),
        ("\n%{ for x in l }\n${x.y}%{ endfor }", "line 3: `x` is an integer, which has no fields"),
        ("%{ if n }%{ endif }", "line 1: `n` is an integer, not true or false"),
        ("%{ for x in n }%{ endfor }", "line 1: `for` goes over a list or a map, not an integer"),
        ("${a", "line 1: the brace is never closed"),
        ("%{ if true }", "line 1: this lacks its `%{ endif }`"),
        ("%{ for x in l }%{ endif }", "line 1: `%{ endif }` stands where `%{ endfor }` is missing"),
        ("\n%{ endif }", "line 2: this ends nothing"),
        ("%{ while }", "line 1: this is no directive"),
        ("%{ for }%{ endfor }", "line 1: this is no directive"),
        ("${templatefile(\"t.tpl\", {})}", "line 1: a template cannot fill in another one"),
    ] {
        let error = filled(text, r#"{"l": [1], "n": 1}"#).expect_err(text);
        assert!(error.message.contains(part), "{text}: {}", error.message);
    }
    assert_fails(&[
        ("templatefile(\"greeting.tpl\", [])", "wants a map as argument 2, not a list"),
        ("templatefile(1, {})", "wants a string as argument 1"),
        ("templatefile(\"nope\", {})", "there is no file"),
    ]);
}

#[test]
fn a_template_is_unknown_and_secret_as_what_it_uses() {
    let value = |text: &str, vars: &str| filled(text, vars).expect(text);
    assert_eq!(value("a", "{\"x\": unknown, \"y\": secret}"), Value::from("a"));
    assert_eq!(value("${y}!", "{\"y\": secret}"), Value::from("s3cret!").into_secret());
    assert_eq!(value("${y}", "{\"y\": vpc.id}").awaits(), value("${y}", "vpc.id").awaits());
    assert_eq!(value("%{ for x in l }${x}%{ endfor }", "{\"l\": [unknown, vpc.id]}").awaits().len(), 2);
    let typed = |text: &str| filled(text, "{\"n\": length(unknown)}");
    assert!(typed("${n + 1}").is_ok());
    assert!(typed("\n${n.x}").expect_err("no field").message.contains("line 2: `n` is an integer"));
}

#[test]
fn hostile_templates_are_refused_or_survived() {
    let nest = |count: usize| format!("{}x{}", "%{ if true }".repeat(count), "%{ endif }".repeat(count));
    assert_eq!(filled(&nest(10), "{}"), Ok(Value::from("x")));
    assert!(filled(&nest(10_000), "{}").expect_err("too deep").message.contains("nested too deeply"));
    let many = format!("{}x{}", "%{ for x in l }".repeat(8), "%{ endfor }".repeat(8));
    assert!(filled(&many, "{\"l\": range(50)}").expect_err("too much").message.contains("steps"));
}
