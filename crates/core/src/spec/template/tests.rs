#![allow(clippy::unwrap_used)]

use super::*;
use crate::spec::yaml::parse;
use proptest::prelude::*;

/// The template of the value under `a`, and the sources it came from.
fn template(text: &str) -> (Result<Template, Box<Diagnostic>>, Sources) {
    let mut sources = Sources::default();
    let source = sources.add("a.yaml", text);
    let root = parse(source, text).root.unwrap();
    (Template::parse(root.get("a").unwrap(), &sources), sources)
}

/// The parts as text: literals as they are, expressions as `‹text|source›`.
fn cut(text: &str) -> String {
    let (template, sources) = template(text);
    let parts = template.unwrap().parts;
    parts
        .iter()
        .map(|part| match part {
            Part::Literal(text) => text.clone(),
            Part::Expression { text, span } => format!("‹{text}|{}›", sources.slice(*span)),
        })
        .collect()
}

fn finding(text: &str) -> (&'static str, String) {
    let (template, sources) = template(text);
    let found = template.unwrap_err();
    (found.code, sources.slice(found.span.unwrap()).to_owned())
}

#[test]
fn text_and_expressions_are_told_apart() {
    assert_eq!(cut("a: x\n"), "x");
    assert_eq!(cut("a: ''\n"), "");
    assert_eq!(cut("a: ${vpc.id}\n"), "‹vpc.id|vpc.id›");
    assert_eq!(cut("a: https://${ api.dns }:${port}/\n"), "https://‹api.dns|api.dns›:‹port|port›/");
    assert_eq!(cut("a: $5 $a $$ {x} $\n"), "$5 $a $$ {x} $");
}

#[test]
fn a_doubled_dollar_escapes() {
    assert_eq!(cut("a: $${x} ${y}\n"), "${x} ‹y|y›");
    assert_eq!(cut("a: $$${x}\n"), "$${x}");
    assert_eq!(cut("a: $${\n"), "${");
}

#[test]
fn only_a_lone_expression_keeps_its_type() {
    let single = |text| template(text).0.unwrap().is_single_expression();
    assert!(single("a: ${x}\n") && single("a: '${ x }'\n"));
    assert!(!single("a: ${x}${y}\n") && !single("a: ' ${x}'\n") && !single("a: x\n") && !single("a: []\n"));
}

#[test]
fn braces_and_quotes_balance_as_in_cel() {
    for expression in [
        r#"{"a": 1}["a"]"#,
        r#"{"a": {"b": "}"}}"#,
        r#"'}' + "\"}" + '\'}'"#,
        r#"r"\" + "}""#,
        "'''it's }''' + \"\"\"}\" \"\"\"",
        r#"b"}" + br'\' + "}""#,
        "a / b",
        "a // }\n + b",
        "\"é}\" + x",
    ] {
        let text = format!("a: |-\n  ${{{}}}\n", expression.replace('\n', "\n  "));
        let parts = template(&text).0.unwrap().parts;
        assert!(matches!(&parts[..], [Part::Expression { text, .. }] if text == expression), "{parts:?}");
    }
}

#[test]
fn what_is_not_closed_or_empty_is_refused() {
    assert_eq!(finding("a: x ${b\n"), ("unclosed-expression", "${".to_owned()));
    assert_eq!(finding("a: ${ '}' \n"), ("unclosed-expression", "${".to_owned()));
    assert_eq!(finding("a: '${ \"}'\n"), ("unclosed-expression", "${".to_owned()));
    assert_eq!(finding("a: '${ {}'\n"), ("unclosed-expression", "${".to_owned()));
    assert_eq!(finding("a: 'é ${ } '\n"), ("empty-expression", "${ }".to_owned()));
}

#[test]
fn every_style_leads_back_to_the_file() {
    assert_eq!(cut("a: 'é ${x}'\n"), "é ‹x|x›");
    assert_eq!(cut("a: 'it''s ${f(''y'')} ${z}'\n"), "it's ‹f('y')|f(''y'')› ‹z|z›");
    assert_eq!(cut("a: \"\\u00e9\\\"\\uD834\\uDD1E ${m[\\\"k\\\"]} ${z}\"\n"), "é\"𝄞 ‹m[\"k\"]|m[\\\"k\\\"]› ‹z|z›");
    assert_eq!(cut("a: \"\\n\\t ${x}\\\n   é${y}\"\n"), "\n\t ‹x|x›é‹y|y›");
    assert_eq!(cut("a: \"${x}\n  \\né${y}\"\n"), "‹x|x› \né‹y|y›");
    assert_eq!(cut("a: one\n  two ${x} é\n\n  ${y}\n"), "one two ‹x|x› é\n‹y|y›");
    assert_eq!(cut("a: |\r\n  one\r\n\r\n    é${x}\r\n  ${y}\r\n"), "one\n\n  é‹x|x›\n‹y|y›\n");
    assert_eq!(cut("a: >-\n  é one\n  ${x} ${\n  y}\n"), "é one ‹x|x› ‹y|y›");
}

#[test]
fn places_inside_an_expression_can_be_asked_for() {
    let place = |text: &str, start, end| {
        let (template, sources) = template(text);
        let template = template.unwrap();
        let part = template.parts.iter().position(|part| matches!(part, Part::Expression { .. })).unwrap();
        sources.slice(template.place(part, start, end).unwrap()).to_owned()
    };
    assert_eq!(place("a: x${ foo + bar }\n", 6, 9), "bar");
    assert_eq!(place("a: '${m[''k''] + bar}'\n", 9, 12), "bar");
    assert_eq!(place("a: '${m[''k''] + bar}'\n", 2, 5), "''k''");
    assert_eq!(place("a: >\n  ${foo +\n  bar}\n", 6, 9), "bar");
    assert_eq!(place("a: >\n  ${foo +\n  é}\n", 6, 8), "é");
    assert_eq!(place("a: ${foo}\n", 90, 99), "");
    assert_eq!(template("a: x${foo}\n").0.unwrap().place(0, 0, 1), None);
}

proptest! {
    /// Whatever is written, in whatever style: no panic, and the places lie within the text.
    #[test]
    fn any_scalar_can_be_cut(
        body in "([ab\\\\\"'é/\\n {}\\[\\]]|\\$\\{|\\$\\$\\{|\\}|r'|\\\\n|\\\\u00e9|''|\n  ){0,20}",
        style in prop::sample::select(vec!["|\n  ", ">\n  ", "'", "\"", ""]),
    ) {
        let end = if style.len() == 1 { style } else { "" };
        let text = format!("a: {style}{body}{end}\n");
        let mut sources = Sources::default();
        let source = sources.add("a.yaml", text.as_str());
        let root = parse(source, &text).root;
        let node = root.as_ref().and_then(|root| root.get("a"));
        if let Some(Ok(template)) = node.map(|node| Template::parse(node, &sources)) {
            for (index, part) in template.parts.iter().enumerate() {
                let Part::Expression { text: expression, span } = part else { continue };
                prop_assert!(text.get(span.start..span.end).is_some(), "{:?} {:?}", text, span);
                let written = &text[span.start..];
                prop_assert!(written.starts_with('\\') || written.chars().next() == expression.chars().next());
                let whole = template.place(index, 0, expression.len());
                prop_assert_eq!(whole, Some(*span));
            }
        }
    }
}
