//! A server on this machine that answers every request with the request itself, as some do with what they refuse, and keeps it.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// How a head ends. Bodies are not read.
const END: &[u8] = b"\r\n\r\n";

/// The server. It ends with the runtime that it was started in.
#[derive(Debug)]
pub struct Echo {
    /// Where it listens, on `localhost`.
    pub port: u16,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Echo {
    /// Starts one on a free port.
    ///
    /// # Errors
    /// Where there is no port to be had.
    pub async fn start() -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let port = listener.local_addr()?.port();
        let seen: Arc<Mutex<Vec<String>>> = Arc::default();
        let heard = Arc::clone(&seen);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                answer(stream, &heard).await;
            }
        });
        Ok(Self { port, seen })
    }

    /// An address of it.
    pub fn url(&self, path: &str) -> String {
        format!("http://localhost:{}{path}", self.port)
    }

    /// What it was sent so far, request by request: the head of each, as it came.
    pub fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

async fn answer(mut stream: TcpStream, heard: &Mutex<Vec<String>>) {
    let (mut request, mut piece) = (Vec::new(), [0; 1024]);
    while !request.ends_with(END) {
        match stream.read(&mut piece).await {
            Ok(count) if count > 0 => request.extend_from_slice(piece.get(..count).unwrap_or_default()),
            Ok(_) | Err(_) => break,
        }
    }
    let text = String::from_utf8_lossy(&request).into_owned();
    let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{text}", text.len());
    // Kept before it is answered: whoever has the answer finds it here.
    heard.lock().unwrap_or_else(PoisonError::into_inner).push(text);
    // Who is gone needs no answer.
    let _ = stream.write_all(answer.as_bytes()).await;
}
