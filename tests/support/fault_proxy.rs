//! [`FaultProxy`]: a network that fails on demand.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// What happens to every request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nobody listens.
    Refuses,
    /// The connection is reset when the request is there.
    Resets,
    /// The reply ends in its middle.
    Half,
    /// The request is taken, and nothing comes back.
    Silent,
    /// The reply never ends.
    Endless,
    /// This is the reply, word for word.
    Says(&'static str),
}

impl Fault {
    /// The page of a broken gateway.
    pub const HTML_500: Self = Self::Says(
        "HTTP/1.1 500 Internal Server Error\r\ncontent-type: text/html\r\ncontent-length: 13\r\n\r\n<html></html>",
    );
    /// A redirect to a port where nothing is.
    pub const REDIRECTS: Self =
        Self::Says("HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n");
}

/// A proxy on a port of its own, in front of one server; it ends with the value.
pub struct FaultProxy {
    address: SocketAddr,
    fault: watch::Sender<Option<Fault>>,
    requests: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

impl FaultProxy {
    /// Begins to pass everything on to `upstream`, for example `127.0.0.1:3000`.
    pub async fn start(upstream: &str) -> Self {
        Self::start_on(0, upstream).await
    }

    /// As [`FaultProxy::start`], on this port.
    pub async fn start_on(port: u16, upstream: &str) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await;
        let listener = listener.expect("the port is free");
        let address = listener.local_addr().expect("a listener has an address");
        let (fault, seen) = watch::channel(None);
        let requests = Arc::default();
        let connection = Connection {
            upstream: upstream.to_owned(),
            fault: seen,
            requests: Arc::clone(&requests),
        };
        let task = tokio::spawn(accept(listener, address, connection));
        Self {
            address,
            fault,
            requests,
            task,
        }
    }

    /// Where it listens.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// From now on every request meets this fault; `None` passes them on again. Connections end.
    pub fn set(&self, fault: Option<Fault>) {
        self.fault.send_replace(fault);
    }

    /// The requests that met a fault since the last look, as `GET /path`; without queries.
    pub fn take_requests(&self) -> Vec<String> {
        std::mem::take(&mut self.requests.lock().expect("no test has panicked in here"))
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[derive(Clone)]
struct Connection {
    upstream: String,
    fault: watch::Receiver<Option<Fault>>,
    requests: Arc<Mutex<Vec<String>>>,
}

async fn accept(first: TcpListener, address: SocketAddr, mut connection: Connection) {
    let mut listener = Some(first);
    loop {
        let fault = *connection.fault.borrow_and_update();
        if fault == Some(Fault::Refuses) {
            listener = None;
        } else if listener.is_none() {
            listener = Some(TcpListener::bind(address).await.expect("the port is still free"));
        }
        let accepted = async {
            match &listener {
                Some(listener) => listener.accept().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            Ok((stream, _)) = accepted => {
                tokio::spawn(connection.clone().serve(stream));
            }
            changed = connection.fault.changed() => if changed.is_err() { return },
        }
    }
}

impl Connection {
    /// Passes bytes on, or fails, until the fault changes.
    async fn serve(mut self, stream: TcpStream) {
        let fault = *self.fault.borrow_and_update();
        let mut changed = self.fault.clone();
        tokio::select! {
            () = self.answer(stream, fault) => {}
            _ = changed.changed() => {}
        }
    }

    async fn answer(&self, mut stream: TcpStream, fault: Option<Fault>) {
        let Some(fault) = fault else {
            if let Ok(mut upstream) = TcpStream::connect(&self.upstream).await {
                // That one side ends is how connections end.
                drop(copy_bidirectional(&mut stream, &mut upstream).await);
            }
            return;
        };
        let Some(request) = head(&mut stream).await else {
            return;
        };
        self.requests
            .lock()
            .expect("no test has panicked in here")
            .push(request);
        let mut say = async |text: &str| stream.write_all(text.as_bytes()).await.is_ok();
        match fault {
            Fault::Refuses => {}
            Fault::Resets => stream.set_zero_linger().expect("a connection can be reset"),
            Fault::Half => {
                say("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 500\r\n\r\n{\"_id\":").await;
            }
            Fault::Silent => return std::future::pending().await,
            Fault::Endless => {
                say("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n[").await;
                while say(&" ".repeat(4096)).await {}
            }
            Fault::Says(reply) => {
                say(reply).await;
            }
        }
        if !matches!(fault, Fault::Resets) {
            // What was said arrives whole even where a body is still on its way.
            drop(stream.shutdown().await);
            drop(tokio::io::copy(&mut stream, &mut tokio::io::sink()).await);
        }
    }
}

/// Method and path of the request, once its head is there.
async fn head(stream: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        if stream.read_buf(&mut head).await.ok()? == 0 {
            return None;
        }
    }
    let head = String::from_utf8_lossy(&head);
    let (request, _) = head.split_once(" HTTP/1.1")?;
    Some(request.split('?').next()?.to_owned())
}
