//! Addresses and availability zones.

use super::*;

#[test]
fn networks_are_as_in_terraform() {
    assert_true(&[
        r#"cidrsubnet("172.16.0.0/12", 4, 2) == "172.18.0.0/16""#,
        r#"cidrsubnet("10.1.2.0/24", 4, 15) == "10.1.2.240/28""#,
        r#"cidrsubnet("fd00:fd12:3456:7890::/56", 16, 162) == "fd00:fd12:3456:7800:a200::/72""#,
        r#"cidrsubnet("10.0.0.7/16", 0, 0) == "10.0.0.0/16""#,
        r#"cidrsubnet("0.0.0.0/0", 32, 4294967295) == "255.255.255.255/32""#,
        r#"cidrsubnet("::/0", 128, 1) == "::1/128""#,
        r#"cidrhost("10.12.112.0/20", 268) == "10.12.113.12""#,
        r#"cidrhost("fd00:fd12:3456:7890:00a2::/72", 34) == "fd00:fd12:3456:7890::22""#,
        r#"cidrhost("10.0.0.0/8", -1) == "10.255.255.255" && cidrhost("10.0.0.0/8", -2) == "10.255.255.254""#,
        r#"cidrhost("10.0.0.1/32", 0) == "10.0.0.1" && cidrhost("0.0.0.0/0", -1) == "255.255.255.255""#,
        r#"cidrhost("::/0", -1) == "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" && cidrhost("::1/128", -1) == "::1""#,
        r#"zones(2) == ["us-east-1a", "us-east-1b"] && zones(0) == []"#,
    ]);
    assert_fails(&[
        (r#"cidrsubnet("10.0.0.0/16", 17, 0)"#, "no room for 17"),
        (r#"cidrsubnet("10.0.0.0/16", 300, 0)"#, "no room for 300"),
        (r#"cidrsubnet("10.0.0.0/16", 8, 256)"#, "8 bits hold no subnet number 256"),
        (r#"cidrsubnet("10.0.0.0/16", -1, 0)"#, "cannot be -1"),
        (r#"cidrsubnet("10.0.0.0/16", 8, -1)"#, "cannot be -1"),
        (r#"cidrsubnet("10.0.0.0/33", 8, 1)"#, "no address range"),
        (r#"cidrsubnet("vpc", 8, 1)"#, "no address range"),
        (r#"cidrhost("10.0.0.0/24", 256)"#, "no host number 256"),
        (r#"cidrhost("10.0.0.0/24", -257)"#, "no host number -257"),
        ("zones(4)", "has 3 availability zones, not 4"),
        ("zones(-1)", "cannot be -1"),
    ]);
}

#[test]
fn masks_and_rows_of_subnets_are_as_in_terraform() {
    assert_true(&[
        r#"cidrnetmask("172.16.0.0/12") == "255.240.0.0" && cidrnetmask("0.0.0.0/0") == "0.0.0.0""#,
        r#"cidrsubnets("10.1.0.0/16", 4, 4, 8, 4) == ["10.1.0.0/20", "10.1.16.0/20", "10.1.32.0/24", "10.1.48.0/20"]"#,
        r#"cidrsubnets("fd00:fd12:3456:7890::/56", 16, 16, 16, 32) == ["fd00:fd12:3456:7800::/72",
            "fd00:fd12:3456:7800:100::/72", "fd00:fd12:3456:7800:200::/72", "fd00:fd12:3456:7800:300::/88"]"#,
        r#"cidrsubnets("10.0.0.0/8", 8, 8).map(block, cidrsubnets(block, 4, 4))
            == [["10.0.0.0/20", "10.0.16.0/20"], ["10.1.0.0/20", "10.1.16.0/20"]]"#,
        r#"cidrsubnets("10.0.0.0/16") == [] && cidrsubnets("::/0", 1, 1) == ["::/1", "8000::/1"]"#,
    ]);
    assert_fails(&[
        (r#"cidrnetmask("::/0")"#, "IPv6"),
        (r#"cidrsubnets("10.0.0.0/16", 1, 1, 1)"#, "no room left for subnet 3, a /17"),
        (r#"cidrsubnets("::/0", 1, 1, 8)"#, "no room left for subnet 3"),
        (r#"cidrsubnets("10.0.0.0/16", 0)"#, "at least 1"),
        (r#"cidrsubnets("10.0.0.0/30", 3)"#, "no room for 3"),
    ]);
}
