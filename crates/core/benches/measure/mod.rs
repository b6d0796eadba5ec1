//! What benchmarks measure of a process. Linux only: the figures are the kernel's.

#![allow(dead_code, reason = "each benchmark takes what it needs")]

use std::process::Command;

/// The time this process has spent on processors.
pub(crate) fn nanoseconds_of_cpu() -> u64 {
    let threads = std::fs::read_dir("/proc/self/task").expect("Linux");
    let of = |thread: std::path::PathBuf| std::fs::read_to_string(thread.join("schedstat")).unwrap_or_default();
    let texts = threads.map(|thread| of(thread.unwrap().path()));
    texts.filter_map(|text| text.split_whitespace().next()?.parse::<u64>().ok()).sum()
}

/// The most memory this process has held, in bytes, since it began or the last
/// [`forget_peak`].
pub(crate) fn peak_of_memory() -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}

/// Lets the peak of memory begin anew with what the process holds now.
pub(crate) fn forget_peak() {
    std::fs::write("/proc/self/clear_refs", "5").expect("Linux");
}

/// The figures that this program prints when `variable` is `value`: it measures one thing in
/// a process of its own.
pub(crate) fn in_own_process(variable: &str, value: &str) -> Vec<u64> {
    let this = std::env::current_exe().unwrap();
    let output = Command::new(this).env(variable, value).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    text.split_whitespace().map(|figure| figure.parse().unwrap()).collect()
}
