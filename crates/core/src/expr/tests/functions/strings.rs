//! Text.

use super::*;

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
fn words_and_lines_are_as_in_terraform() {
    assert_true(&[
        r#"title("hello world") == "Hello World" && title("a-b c_d 1x éa") == "A-B C_d 1x Éa""#,
        r#"chomp("hello\n") == "hello" && chomp("hello\r\n") == "hello" && chomp("hello\n\n") == "hello""#,
        r#"indent(2, "[\n  foo,\n  bar,\n]\n") == "[\n    foo,\n    bar,\n  ]\n  ""#,
        r#"startswith("hello world", "hello") && !startswith("hello world", "world")"#,
        r#"endswith("hello world", "world") && !endswith("hello world", "hello")"#,
        r#"strcontains("hello world", "wor") && !strcontains("hello world", "wod")"#,
        r#"formatlist("Hello, %s!", ["Valentina", "Ander"]) == ["Hello, Valentina!", "Hello, Ander!"]"#,
        r#"formatlist("%s, %s!", "Salutations", ["Ander", "Olivia"]) == ["Salutations, Ander!", "Salutations, Olivia!"]"#,
        r#"formatlist("%s", []) == [] && formatlist("%d", 1) == ["1"]"#,
        r#"format("%[2]s %[1]s %s", "a", "b") == "b a b" && format("%#v %b %o", {"a": 1}, 5, 8) == "{\"a\":1} 101 10""#,
        r#"format("%d %.1f %t", "12", "1.25", "true") == "12 1.2 true""#,
    ]);
    assert_fails(&[
        (r#"formatlist("%s%s", ["a"], ["b", "c"])"#, "not of one length"),
        (r#"format("%[0]s", 1)"#, "counted from 1"),
        (r#"format("%[1s", 1)"#, "never closed"),
        (r#"format("%[3]s", 1)"#, "no value"),
        (r#"indent(-1, "x")"#, "cannot be -1"),
        (r#"indent(99999999, join("\n", range(100)))"#, "steps"),
    ]);
}
