//! What Linux says about a process.

use std::time::Duration;

/// The unit of the times in `/proc/PID/stat`; Linux gives programs 100 of them in a second,
/// whatever its own clock does (`proc_pid_stat(5)`, `sysconf(_SC_CLK_TCK)`).
const TICK: Duration = Duration::from_millis(10);

/// CPU time that the process has used, in user mode and in the kernel.
pub(crate) fn cpu(pid: u32) -> Duration {
    let stat = read(pid, "stat");
    // The program's name, in brackets, may contain spaces.
    let (_, after_name) = stat.rsplit_once(')').expect("the name stands in brackets");
    let ticks: u32 = after_name
        .split_whitespace()
        .skip(11)
        .take(2)
        .map(|ticks| ticks.parse::<u32>().expect("times are numbers"))
        .sum();
    TICK * ticks
}

/// A size from `/proc/PID/status` (`VmRSS`, `VmHWM`), in MB.
pub(crate) fn memory(pid: u32, key: &str) -> f64 {
    let status = read(pid, "status");
    let line = status.lines().find_map(|line| line.strip_prefix(key));
    let kibibytes = line.and_then(|line| line.split_whitespace().next());
    let kibibytes: f64 = kibibytes
        .and_then(|number| number.parse().ok())
        .expect("sizes are numbers");
    kibibytes * 1.024 / 1000.0
}

fn read(pid: u32, file: &str) -> String {
    std::fs::read_to_string(format!("/proc/{pid}/{file}")).expect("this is Linux and the process runs")
}
