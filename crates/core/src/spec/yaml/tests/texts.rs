//! Strings over several lines, escapes, line breaks and byte-order marks.

use super::*;

/// The text of the value of `a`, which is all the spec holds.
fn text(spec: &str) -> String {
    parsed(spec).get("a").unwrap().text().unwrap().to_owned()
}

#[test]
fn strings_over_several_lines_fold_as_yaml_says() {
    let table = [
        // A literal block keeps its lines.
        ("a: |\n  x\n  y\n", "x\ny\n"),
        ("a: |\n  x\n   y\n\n  z\n", "x\n y\n\nz\n"),
        ("a: |\n\n  x\n", "\nx\n"),
        ("a: |\n  x # no comment\n", "x # no comment\n"),
        ("a: |\n  ${x}: {y}\n", "${x}: {y}\n"),
        ("a: | # a comment\n  x\n", "x\n"),
        ("a: |\n  x\n# a comment\n", "x\n"),
        ("a: |\n  x\\n\n", "x\\n\n"),
        ("a: |\n  \tx\n", "\tx\n"),
        // A folded one makes spaces of single breaks, but around lines indented more.
        ("a: >\n  x\n  y\n", "x y\n"),
        ("a: >\n  x\n\n  y\n", "x\ny\n"),
        ("a: >\n  x\n   y\n  z\n", "x\n y\nz\n"),
        // Chomping: `-` strips all breaks at the end, `+` keeps them, else there is one.
        ("a: |\n  x\n\n\n", "x\n"),
        ("a: |-\n  x\n\n\n", "x"),
        ("a: |+\n  x\n\n\n", "x\n\n\n"),
        ("a: >-\n  x\n  y\n", "x y"),
        ("a: >+\n  x\n\n", "x\n\n"),
        ("a: |\n  x", "x\n"),
        ("a: |\n", ""),
        ("a: |+\n\n", "\n"),
        // The digit counts from the indentation of the key.
        ("a: |2\n    x\n   y\n", "  x\n y\n"),
        ("a: |1-\n  x\n", " x"),
        ("a: >-2\n   x\n", " x"),
        // Plain and quoted texts fold, and lose the white space around breaks.
        ("a: x\n  y\n", "x y"),
        ("a: x\n   y\n\n  z\n", "x y\nz"),
        ("a:\n  x\n  y\n", "x y"),
        ("a: 'x\n  y\n\n  z'\n", "x y\nz"),
        ("a: \"x  \n  y\"\n", "x y"),
        ("a: \"x \\\n  y\"\n", "x y"),
        ("a: \"x\\\n  \\  y\"\n", "x  y"),
        ("a: 'it''s'\n", "it's"),
        ("a: '\\n'\n", "\\n"),
        ("a: x#y\n", "x#y"),
        ("a: x:y\n", "x:y"),
        ("a: http://x\n", "http://x"),
    ];
    for (spec, expected) in table {
        assert_eq!(text(spec), expected, "{spec:?}");
    }
}

#[test]
fn double_quotes_know_the_escapes_of_yaml() {
    let table = [
        (r"\0", "\0"),
        (r"\a\b\t\n\v\f\r\e", "\u{7}\u{8}\t\n\u{b}\u{c}\r\u{1b}"),
        (r#"\"\/\\"#, "\"/\\"),
        (r"\N\_\L\P", "\u{85}\u{a0}\u{2028}\u{2029}"),
        (r"\ x", " x"),
        (r"\x41\u00e9\U0001F3B5", "Aé🎵"),
        (r"\ud83c\udfb5", "🎵"),
    ];
    for (escaped, expected) in table {
        assert_eq!(text(&format!("a: \"{escaped}\"\n")), expected, "{escaped}");
    }
}

#[test]
fn wrong_escapes_are_told_alone() {
    let table = [
        (r#""C:\temp\dir""#, r"\d"),
        (r#""a\x4g""#, r"\x4"),
        (r#""\u12""#, r"\u12"),
        (r#""\ud800""#, r"\ud800"),
        (r#""\ud83c\u0041""#, r"\ud83c"),
        (r#""\U00110000""#, r"\U00110000"),
        (r#""\\ \" \é""#, r"\é"),
        ("\"x\n  \\q\"", r"\q"),
    ];
    for (quoted, wrong) in table {
        assert_eq!(finding(&format!("a: {quoted}\n")), ("unknown-escape", wrong), "{quoted}");
    }
}

#[test]
fn line_breaks_of_windows_and_byte_order_marks_change_no_text() {
    for spec in ["a: |\n  x\n  y\n", "a: >\n  x\n\n  y\n", "a: x\n  y\n", "a: 'x\n\n  y'\n", "a: \"x\\\n  y\"\n"] {
        let unix = text(spec);
        assert_eq!(text(&spec.replace('\n', "\r\n")), unix, "{spec:?}");
        assert_eq!(text(&format!("\u{feff}{spec}")), unix, "{spec:?}");
    }
}

#[test]
fn lines_and_columns_count_characters_whatever_the_line_breaks() {
    for breaks in ["\n", "\r\n"] {
        let text = "\u{feff}é: 1\nb:\n  é🎵: [@x]\n".replace('\n', breaks);
        assert!(rendered(&text).contains("a.yaml:3:8\n"), "{}", rendered(&text));
        assert!(rendered("\u{feff}@x: 1\n").contains("a.yaml:1:1\n"));
    }
}

#[test]
fn what_no_text_may_hold_is_told_at_its_place() {
    for (text, wrong) in
        [("a: x\0y\n", "\0"), ("# \u{1}\n", "\u{1}"), ("a: \"\u{1f}\"\n", "\u{1f}"), ("a: x\u{7f}\n", "\u{7f}")]
    {
        assert_eq!(finding(text), ("control-character", wrong), "{text:?}");
    }
    assert_eq!(finding("a: 1\n\u{feff}b: 2\n").0, "yaml-syntax");
    assert_eq!(text("a: \"\u{85}\u{a0}\u{2028}🎵\"\n"), "\u{85}\u{a0}\u{2028}🎵");
}
