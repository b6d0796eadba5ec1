//! Files, paths and secrets.

use super::*;

#[test]
fn paths_are_as_in_terraform() {
    assert_true(&[
        r#"basename("foo/bar/baz.txt") == "baz.txt" && basename("baz") == "baz""#,
        r#"basename("") == "." && basename("/") == "/" && basename("a/b/") == "b""#,
        r#"dirname("foo/bar/baz.txt") == "foo/bar" && dirname("baz") == "." && dirname("/a") == "/""#,
        r#"dirname("a//./b/../c/d") == "a/c" && dirname("../../x") == "../.." && dirname("a/b/") == "a/b""#,
        r#"file("hello.txt") == "Hello World\n""#,
    ]);
    assert_fails(&[("file(\"nope.txt\")", "there is no file `nope.txt`"), ("file(1)", "wants a string")]);
}

#[test]
fn a_secret_value_is_secret_known_or_not() {
    let value = |text: &str| evaluate(text, &sample()).expect(text);
    assert_eq!(value("secret_value(\"arn:db\")"), Value::from("s3cret").into_secret());
    for later in ["secret_value(\"arn:later\")", "secret_value(vpc.id)"] {
        assert!(matches!(value(later), Value::Unknown(Unknown { is_secret: true, .. })), "{later}");
    }
    assert_fails(&[("secret_value(\"db\")", "no ARN")]);
}
