//! What Linux says about a process.

use std::time::Duration;

/// The unit of the times in `/proc/PID/stat`; Linux gives programs 100 of them in a second,
/// whatever its own clock does (`proc_pid_stat(5)`, `sysconf(_SC_CLK_TCK)`).
const TICK: Duration = Duration::from_millis(10);

/// CPU time that the process has used, in user mode and in the kernel.
pub fn cpu(pid: u32) -> Duration {
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

/// A size from `/proc/PID/status` (`VmRSS:`, `VmHWM:`), in MB.
pub fn memory(pid: u32, key: &str) -> f64 {
    let status = read(pid, "status");
    let line = status.lines().find_map(|line| line.strip_prefix(key));
    let kibibytes = line.and_then(|line| line.split_whitespace().next());
    let kibibytes: f64 = kibibytes
        .and_then(|number| number.parse().ok())
        .expect("sizes are numbers");
    kibibytes * 1.024 / 1000.0
}

/// The process of this machine that listens on a port.
///
/// # Panics
/// When there is none.
pub fn listening(port: u16) -> u32 {
    let sockets: Vec<String> = ["/proc/net/tcp", "/proc/net/tcp6"]
        .iter()
        .filter_map(|table| std::fs::read_to_string(table).ok())
        .filter_map(|table| table.lines().find_map(|line| socket_listening(line, port)))
        .collect();
    let processes = std::fs::read_dir("/proc").expect("this is Linux");
    processes
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .find(|pid| has_open(*pid, &sockets))
        .unwrap_or_else(|| panic!("nothing listens on port {port}"))
}

/// What `/proc/PID/fd` calls the socket of a line of `/proc/net/tcp` (`proc_net_tcp(5)`), if it listens
/// on the port.
fn socket_listening(line: &str, port: u16) -> Option<String> {
    let fields: Vec<&str> = line.split_whitespace().collect();
    let (local, state, inode) = (fields.get(1)?, fields.get(3)?, fields.get(9)?);
    let listens = *state == "0A" && local.ends_with(&format!(":{port:04X}"));
    listens.then(|| format!("socket:[{inode}]"))
}

fn has_open(pid: u32, names: &[String]) -> bool {
    let Ok(files) = std::fs::read_dir(format!("/proc/{pid}/fd")) else {
        return false;
    };
    files
        .filter_map(|file| std::fs::read_link(file.ok()?.path()).ok())
        .any(|file| names.iter().any(|name| file.as_os_str() == name.as_str()))
}

fn read(pid: u32, file: &str) -> String {
    std::fs::read_to_string(format!("/proc/{pid}/{file}")).expect("this is Linux and the process runs")
}
