//! Regular expressions.

use super::*;

#[test]
fn patterns_are_as_in_terraform() {
    assert_true(&[
        r#"regex("[a-z]+", "53453453.345345aaabbbccc23454") == "aaabbbccc""#,
        r#"regex("(\\d\\d\\d\\d)-(\\d\\d)-(\\d\\d)", "2019-02-01") == ["2019", "02", "01"]"#,
        r#"regex("^(?:(?P<scheme>[^:/?#]+):)?(?://(?P<authority>[^/?#]*))?", "https://terraform.io/docs/")
            == {"authority": "terraform.io", "scheme": "https"}"#,
        r#"regexall("[a-z]+", "1234abcd5678efgh9") == ["abcd", "efgh"]"#,
        r#"length(regexall("[a-z]+", "1234abcd5678efgh9")) == 2 && regexall("[a-z]+", "123456789") == []"#,
        r#"regexall("(\\w)=(\\d)", "a=1 b=2") == [["a", "1"], ["b", "2"]] && regex("(a)|(b)", "b") == [null, "b"]"#,
    ]);
    assert_fails(&[
        (r#"regex("[a-z]+", "53453453.34534523454")"#, "matches nowhere"),
        (r#"regex("(?P<a>x)(y)", "xy")"#, "or none"),
        (r#"regexall("(", "x")"#, "no regular expression"),
    ]);
}
