//! JSON, YAML, Base64, digests.

use super::*;

#[test]
fn encodings_are_as_in_terraform() {
    assert_true(&[
        r#"jsonencode({"b": [1, 1.5, 2.0, null, true], "a": "<&>"}) == '{"a":"\\u003c\\u0026\\u003e","b":[1,1.5,2,null,true]}'"#,
        r#"jsondecode("[1, 1.5, null, {\"$hash\": \"x\"}]") == [1, 1.5, null, {"$hash": "x"}]"#,
        r#"jsondecode(jsonencode(public)) == public"#,
        r#"base64decode(base64encode("añb")) == "añb" && base64encode("") == """#,
        r#"sha256("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855""#,
    ]);
    assert_fails(&[
        (r#"base64decode("!")"#, "no Base64"),
        (r#"base64decode("/w==")"#, "UTF-8"),
        (r#"jsondecode("{")"#, "no JSON"),
    ]);
}

#[test]
fn digests_and_urls_are_as_in_terraform() {
    assert_true(&[
        r#"base64sha256("hello world") == "uU0nuZNNPgilLlLX2n2r+sSE7+N6U4DukIj3rOLvzek=""#,
        r#"urlencode("Hello World!") == "Hello+World%21" && urlencode("☃") == "%E2%98%83""#,
        r#"urlencode("a-b_c.d~e/f?g=h&i") == "a-b_c.d~e%2Ff%3Fg%3Dh%26i""#,
    ]);
}

#[test]
fn yaml_is_as_in_terraform() {
    let yaml = |text: &str| evaluate(&format!("yamlencode({text})"), &sample());
    for (value, expected) in [
        (r#"{"a": "b", "c": "d"}"#, "\"a\": \"b\"\n\"c\": \"d\"\n"),
        (r#"{"foo": [1, 2, 3], "bar": "baz"}"#, "\"bar\": \"baz\"\n\"foo\":\n- 1\n- 2\n- 3\n"),
        (
            r#"{"foo": [1, {"a": "b", "c": "d"}, 3], "bar": "baz"}"#,
            "\"bar\": \"baz\"\n\"foo\":\n- 1\n- \"a\": \"b\"\n  \"c\": \"d\"\n- 3\n",
        ),
        ("true", "true\n...\n"),
        ("0", "0\n...\n"),
        ("null", "null\n...\n"),
        (r#""hello""#, "\"hello\"\n"),
        (r#""""#, "\"\"\n"),
        ("{}", "{}\n"),
        ("[]", "[]\n"),
        (r#"["b"]"#, "- \"b\"\n"),
        (r#"{"a": {}, "b": []}"#, "\"a\": {}\n\"b\": []\n"),
        (r#"{"a": {"b": {"c": [[1, 2], [3]]}}}"#, "\"a\":\n  \"b\":\n    \"c\":\n    - - 1\n      - 2\n    - - 3\n"),
        (r#"{"a": "x\ny\n"}"#, "\"a\": |\n  x\n  y\n"),
        (r#"{"a": ["x\n\ny"]}"#, "\"a\":\n- |-\n  x\n\n  y\n"),
        (r#"{"a": " x\ny\n\n"}"#, "\"a\": |2+\n   x\n  y\n\n"),
        (r#"{"a": "x \ny", "b\n": 1.5}"#, "\"a\": \"x \\ny\"\n\"b\\n\": 1.5\n"),
        (r#"["\t\"\\ä\u0001\U0001F600"]"#, "- \"\\t\\\"\\\\ä\\x01\\U0001F600\"\n"),
    ] {
        assert_eq!(yaml(value), Ok(Value::from(expected)), "{value}");
    }
}
