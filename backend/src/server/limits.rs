//! How many connections and requests a port takes, and how long each of their steps may last.

use std::time::Duration;

/// The limits of every listening port; only tests change them.
#[derive(Clone, Debug)]
pub struct ServerLimits {
    /// Connections in all, over all ports; fewer where the process may not open enough files.
    pub connections: usize,
    /// Connections of one network: an IPv4 address, or the /64 of an IPv6 address. Trusted proxies
    /// are not counted. At most half of all connections.
    pub connections_per_network: usize,
    /// Requests in work at once on each port. The last eighth is for known sessions, the eighth
    /// below it for requests that look signed in.
    pub requests: usize,
    /// From the start of a connection to its first byte; a trusted proxy may open connections ahead
    /// and has [`ServerLimits::proxy_idle`].
    pub first_byte: Duration,
    /// From the first byte of a request to the end of its head; in HTTP/2 of the first one, with
    /// all that goes before it.
    pub head: Duration,
    /// How long a connection may stay open between two requests.
    pub idle: Duration,
    /// The same for a trusted proxy: longer than proxies keep connections by default (60 s).
    pub proxy_idle: Duration,
    /// The longest time in which a client takes none of its response.
    pub stall: Duration,
    /// The longest pause within a request's body.
    pub body_pause: Duration,
    /// The waiting time that every request's body has …
    pub body_grace: Duration,
    /// … and one second more for each so many bytes that have arrived.
    pub body_rate: u32,
    /// How old a connection without a request must be before a new one may take its place.
    pub evict_after: Duration,
    /// How long kept-alive connections are still answered after the signal to stop.
    pub linger: Duration,
    /// How long requests in work may take after the listener is closed.
    pub grace: Duration,
}

impl Default for ServerLimits {
    fn default() -> Self {
        Self {
            connections: 8192,
            connections_per_network: 512,
            requests: 1024,
            first_byte: Duration::from_secs(10),
            head: Duration::from_secs(10),
            idle: Duration::from_secs(30),
            proxy_idle: Duration::from_secs(75),
            stall: Duration::from_secs(30),
            body_pause: Duration::from_secs(10),
            body_grace: Duration::from_secs(20),
            body_rate: 8 * 1024,
            evict_after: Duration::from_millis(500),
            linger: Duration::from_millis(500),
            grace: Duration::from_secs(10),
        }
    }
}

/// Files that the process opens beside connections: the database, stored files, mail servers. At
/// least so many, and a quarter of what it may open.
const MIN_OTHER_FILES: u64 = 64;

impl ServerLimits {
    /// Raises the number of files that the process may open to what the system allows, and lowers
    /// the number of connections to what fits into it.
    pub(crate) fn fitted(mut self) -> Self {
        let files = match rlimit::increase_nofile_limit(u64::MAX) {
            Ok(files) => files,
            Err(error) => {
                tracing::warn!(%error, "the limit of open files cannot be raised");
                1024
            }
        };
        self.connections = self.connections.min(connections_for(files));
        self.connections_per_network = self.connections_per_network.min(self.connections / 2).max(1);
        tracing::debug!(files, connections = self.connections, "limits of connections");
        self
    }

    /// Connections above the bound that are answered all the same: with what the client asked if it
    /// is signed in, with 503 if not.
    pub(super) fn overflow(&self) -> usize {
        (self.connections / 8).max(1)
    }
}

/// How many connections, an eighth more included ([`ServerLimits::overflow`]), fit into so many
/// open files.
fn connections_for(files: u64) -> usize {
    let other_files = MIN_OTHER_FILES.max(files / 4);
    let fitting = files.saturating_sub(other_files) / 9 * 8;
    usize::try_from(fitting).unwrap_or(usize::MAX).max(8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_leave_files_for_the_rest_of_the_program() {
        for files in [128, 256, 512, 1024, 65_536] {
            let connections = connections_for(files) as u64;
            assert!(
                connections * 9 / 8 + MIN_OTHER_FILES <= files,
                "{files}: {connections}"
            );
            assert!(
                connections * 5 / 2 >= files - MIN_OTHER_FILES,
                "{files}: {connections}"
            );
        }
    }
}
