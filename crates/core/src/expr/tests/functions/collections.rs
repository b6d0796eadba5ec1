//! Lists and maps.

use super::*;

#[test]
fn collections_are_as_in_terraform() {
    assert_true(&[
        r#"chunklist(["a", "b", "c", "d", "e"], 2) == [["a", "b"], ["c", "d"], ["e"]]"#,
        r#"chunklist(["a", "b", "c"], 1) == [["a"], ["b"], ["c"]] && chunklist(["a", "b"], 0) == [["a", "b"]]"#,
        r#"coalesce("", "b") == "b" && coalesce(1, 2) == 1 && coalesce(nothing, false) == false"#,
        r#"concat(["a", ""], ["b", "c"]) == ["a", "", "b", "c"]"#,
        r#"distinct(["a", "b", "a", "c", "d", "b"]) == ["a", "b", "c", "d"] && distinct([1, 1.0, "1"]) == [1, "1"]"#,
        r#"element(["a", "b", "c"], 1) == "b" && element(["a", "b", "c"], -1) == "c""#,
        r#"flatten([["a", "b"], [], ["c"]]) == ["a", "b", "c"] && flatten([[["a", "b"], []], ["c"]]) == ["a", "b", "c"]"#,
        r#"keys({"a": 1, "c": 2, "d": 3}) == ["a", "c", "d"] && keys(["x", "y"]) == [0, 1]"#,
        r#"values({"a": 3, "c": 2, "d": 1}) == [3, 2, 1] && values([1]) == [1]"#,
        r#"length([]) == 0 && length({"a": "b"}) == 1 && length("hello") == 5"#,
        r#"lookup({"a": "ay", "b": "bee"}, "a", "what?") == "ay" && lookup({"a": "ay"}, "c", "what?") == "what?""#,
        r#"merge({"a": "b", "c": "d"}, {"e": "f", "c": "z"}) == {"a": "b", "c": "z", "e": "f"}"#,
        r#"merge({"a": 1}, nothing) == {"a": 1} && merge() == {}"#,
        "range(1, 4) == [1, 2, 3] && range(4, 1) == [4, 3, 2] && range(10, 5, -2) == [10, 8, 6]",
        "range(1, 4, 0.5) == [1, 1.5, 2, 2.5, 3, 3.5] && range(0) == [] && range(2, 2) == [] && range(-2) == [0, -1]",
        r#"sort(["e", "d", "a", "x"]) == ["a", "d", "e", "x"] && sort([10, 9.5, 2]) == [2, 9.5, 10]"#,
        r#"slice(["a", "b", "c", "d"], 1, 3) == ["b", "c"] && slice([1], 1, 1) == []"#,
        r#"toset(["a", "b", "c", "c"]) == ["a", "b", "c"] && reverse([]) == []"#,
        r#"zipmap(["a", "b"], [1, 2]) == {"a": 1, "b": 2}"#,
        r#"["a", "b"].contains("b") && !contains(["a"], "c") && contains([1], 1.0)"#,
        r#"type(1) == "integer" && type("") == "string" && type({}) == "map" && type(nothing) == "null""#,
    ]);
    assert_fails(&[
        ("element([], 0)", "empty"),
        (r#"lookup({"a": 1}, "b")"#, "no default"),
        (r#"coalesce(null, "")"#, "every value is null or empty"),
        ("range(0, 5, 0)", "never lead"),
        ("range(0, 5, -1)", "never lead"),
        ("range(5000000)", "steps"),
        ("slice([1, 2], 1, 3)", "has 2 items"),
        ("slice([1, 2], 2, 1)", "has 2 items"),
        (r#"sort([1, "a"])"#, "order"),
        (r#"zipmap(["a"], [])"#, "1 key but 0 values"),
        (r#"merge({"a": 1}, [1])"#, "argument 2"),
        ("chunklist([1], -1)", "cannot be -1"),
        ("length(1)", "an integer has no length"),
    ]);
}

#[test]
fn choosing_of_items_is_as_in_terraform() {
    assert_true(&[
        r#"alltrue(["true", true]) && !alltrue([true, false]) && alltrue([])"#,
        r#"anytrue(["true"]) && anytrue([true, false]) && !anytrue([])"#,
        r#"compact(["a", "", "b", null, "c"]) == ["a", "b", "c"]"#,
        r#"index(["a", "b", "c"], "b") == 1 && index([1, 2.0], 2) == 1"#,
        r#"one([]) == null && one(["hello"]) == "hello""#,
        "sum([10, 13, 6, 4.5]) == 33.5 && sum([1, 2]) == 3",
    ]);
    assert_fails(&[
        (r#"index(["a"], "b")"#, "does not have"),
        (r#"one(["hello", "goodbye"])"#, "2 items"),
        ("sum([])", "no numbers"),
        (r#"sum([1, "2"])"#, "not a string"),
        ("sum([9223372036854775807, 1])", "too large"),
        ("compact([[1]])", "has no text"),
    ]);
}

#[test]
fn sets_are_as_in_terraform() {
    assert_true(&[
        r#"setunion(["a", "b"], ["b", "c"], ["d"]) == ["a", "b", "c", "d"]"#,
        r#"setintersection(["a", "b"], ["b", "c"], ["b", "d"]) == ["b"] && setintersection(["b", "a"]) == ["a", "b"]"#,
        r#"setsubtract(["a", "b", "c"], ["a", "c"]) == ["b"] && setsubtract([2, 1], []) == [1, 2]"#,
        r#"toset(["c", "b", "b"]) == ["b", "c"] && toset([{"a": 1}, 2, {"a": 1}]) == [{"a": 1}, 2]"#,
        r#"setproduct(["development", "production"], ["app1", "app2"])
            == [["development", "app1"], ["development", "app2"], ["production", "app1"], ["production", "app2"]]"#,
        r#"setproduct(["a"], []) == [] && setproduct(["a"], ["b"]) == [["a", "b"]]"#,
    ]);
    assert_fails(&[("setproduct(range(2000), range(2000))", "steps"), ("setunion([1], 2)", "a list as argument 2")]);
}
