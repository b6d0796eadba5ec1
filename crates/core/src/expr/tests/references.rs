//! What expressions name.

use super::*;

/// The references of `text` as `root.path @ where`.
fn named(text: &str) -> Vec<String> {
    let references = Expression::parse(text).unwrap_or_else(|error| panic!("{text}: {error}")).references();
    references.iter().map(|reference| shown(text, reference)).collect()
}

fn shown(text: &str, reference: &crate::expr::Reference) -> String {
    use crate::expr::PathStep;
    let mut shown = reference.root.clone();
    for step in &reference.path {
        shown += &match step {
            PathStep::Field(name) => format!(".{name}"),
            PathStep::Key(Some(key)) => format!("[{key}]"),
            PathStep::Key(None) => "[?]".to_owned(),
            PathStep::Each => "[*]".to_owned(),
        };
    }
    format!("{shown} @ {}", &text[reference.range.clone()])
}

#[test]
fn every_name_is_followed_to_what_is_used_of_it() {
    let cases: &[(&str, &[&str])] = &[
        ("1 + 2", &[]),
        ("public", &["public @ public"]),
        ("vpc.id", &["vpc.id @ vpc.id"]),
        ("vpc . id", &["vpc.id @ vpc . id"]),
        (r#"public["us-east-1a"].id"#, &[r#"public[us-east-1a].id @ public["us-east-1a"].id"#]),
        ("subnets[0].id", &["subnets[0].id @ subnets[0].id"]),
        ("public[each.key].id", &["public[?].id @ public[each.key].id", "each.key @ each.key"]),
        ("public[keys(public)[0]]", &["public[?] @ public[keys(public)[0]]", "public @ public"]),
        ("values(public).map(s, s.id)", &["public[*].id @ s.id"]),
        ("values(public).map(s, 1)", &["public[*] @ values(public)"]),
        ("vpc.subnets.map(s, s)", &["vpc.subnets[*] @ s"]),
        ("values(public)[0].id", &["public[*].id @ values(public)[0].id"]),
        ("element(values(public), n).id", &["public[*].id @ element(values(public), n).id", "n @ n"]),
        (
            "values(public).filter(s, s.az == zone).map(s, s.id)",
            &["public[*].az @ s.az", "zone @ zone", "public[*].id @ s.id"],
        ),
        ("values(public).map(s, s.net).map(n, n.id)", &["public[*].net.id @ n.id"]),
        ("values(public).map(s, s.open, s.id)", &["public[*].open @ s.open", "public[*].id @ s.id"]),
        ("values(public).all(s, s.az in zones)", &["public[*].az @ s.az", "zones @ zones"]),
        ("concat(values(a), values(b)).map(s, s.id)", &["a[*].id @ s.id", "b[*].id @ s.id"]),
        ("try(waf.arn, other.arn)", &["waf.arn @ waf.arn", "other.arn @ other.arn"]),
        ("try(a, b).id", &["a.id @ try(a, b).id", "b.id @ try(a, b).id"]),
        ("can(a.b)", &["a.b @ a.b"]),
        ("one(values(a)).id", &["a[*].id @ one(values(a)).id"]),
        ("templatefile(a.path, {\"x\": b.c})", &["a.path @ a.path", "b.c @ b.c"]),
        ("(prod ? a : b).id", &["a.id @ (prod ? a : b).id", "b.id @ (prod ? a : b).id", "prod @ prod"]),
        ("cidrsubnet(vpc.cidr_block, 8, each.index)", &["vpc.cidr_block @ vpc.cidr_block", "each.index @ each.index"]),
        ("has(vpc.tags.name) && !off", &["vpc.tags.name @ vpc.tags.name", "off @ off"]),
        ("{a.b: [c.d, -e]}", &["a.b @ a.b", "c.d @ c.d", "e @ e"]),
        ("xs.map(x, ys.map(y, x.a + y.b + z))", &["xs[*].a @ x.a", "ys[*].b @ y.b", "z @ z"]),
        ("xs.map(x, x.ys.map(x, x.id))", &["xs[*].ys[*].id @ x.id"]),
        ("[1, 2].map(x, x.id)", &[]),
        ("x.map(x, x) + x", &["x[*] @ x", "x @ x"]),
        ("\"${a}\"", &[]),
    ];
    for (text, expected) in cases {
        assert_eq!(named(text), *expected, "{text}");
    }
}

#[test]
fn nested_conditionals_do_not_multiply() {
    let text = format!("xs{}", ".map(x, c ? x.a : x.b)".repeat(20));
    assert!(named(&text).len() < 5_000);
}
