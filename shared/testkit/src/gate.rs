//! A gate before the table, to see what becomes of a request whose way is barred.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// What a request meets in place of the table.
#[derive(Clone, Copy, Debug)]
pub enum Fault {
    /// An error, by its status and by DynamoDB's name for it.
    Answer(u16, &'static str),
    /// An answer to a batch that leaves all of it to be asked for again.
    Unprocessed,
    /// A connection that is closed before there is an answer.
    HangUp,
    /// Nobody who answers.
    Silence,
}

/// The gate. It is open at first, and everything passes.
#[derive(Clone, Debug)]
pub struct Gate {
    url: String,
    barred: Arc<Mutex<Option<(&'static str, Fault)>>>,
}

impl Gate {
    /// A gate before the engine that listens at `engine`, for as long as the test's runtime lasts.
    pub(crate) async fn before(engine: &str) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let gate = Self { url: format!("http://{}", listener.local_addr()?), barred: Arc::default() };
        let engine = engine.trim_start_matches("http://").trim_end_matches('/').to_owned();
        let served = gate.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (gate, engine) = (served.clone(), engine.clone());
                // A connection that breaks is the client's to notice.
                tokio::spawn(async move { gate.serve(client, &engine).await.ok() });
            }
        });
        Ok(gate)
    }

    /// From now on requests for `operation`, such as `PutItem`, meet `fault`.
    pub fn bar(&self, operation: &'static str, fault: Fault) {
        *self.barred.lock().unwrap_or_else(PoisonError::into_inner) = Some((operation, fault));
    }

    /// From now on everything passes.
    pub fn open(&self) {
        *self.barred.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Where it listens.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    async fn serve(&self, client: TcpStream, engine: &str) -> io::Result<()> {
        let mut client = BufReader::new(client);
        let mut engine = BufReader::new(TcpStream::connect(engine).await?);
        while let Some(request) = message(&mut client).await? {
            match self.fault(&request) {
                None => {
                    engine.write_all(&request).await?;
                    let answer = message(&mut engine).await?.ok_or(io::ErrorKind::UnexpectedEof)?;
                    client.write_all(&answer).await?;
                }
                Some(Fault::Answer(status, code)) => {
                    let name = format!("com.amazonaws.dynamodb.v20120810#{code}");
                    client
                        .write_all(&answer(status, &json!({ "__type": name, "message": "barred" })))
                        .await?;
                }
                Some(Fault::Unprocessed) => {
                    let wanted = body(&request)?["RequestItems"].take();
                    let left = json!({ "Responses": {}, "UnprocessedKeys": wanted });
                    client.write_all(&answer(200, &left)).await?;
                }
                Some(Fault::HangUp) => return Ok(()),
                Some(Fault::Silence) => std::future::pending().await,
            }
        }
        Ok(())
    }

    fn fault(&self, request: &[u8]) -> Option<Fault> {
        let barred = *self.barred.lock().unwrap_or_else(PoisonError::into_inner);
        let (operation, fault) = barred?;
        let target = format!("x-amz-target: DynamoDB_20120810.{operation}\r\n");
        request
            .windows(target.len())
            .any(|part| part.eq_ignore_ascii_case(target.as_bytes()))
            .then_some(fault)
    }
}

/// The next message of HTTP/1.1, whole; `None` when the other side has hung up.
async fn message(stream: &mut BufReader<TcpStream>) -> io::Result<Option<Vec<u8>>> {
    let (mut message, mut length) = (Vec::new(), 0);
    loop {
        let line_start = message.len();
        if stream.read_until(b'\n', &mut message).await? == 0 {
            return Ok(None);
        }
        let line = String::from_utf8_lossy(&message[line_start..]).to_ascii_lowercase();
        match line.trim_end().split_once(':') {
            Some(("content-length", value)) => length = value.trim().parse().map_err(io::Error::other)?,
            None if line.trim_end().is_empty() => break,
            Some(_) | None => {}
        }
    }
    let head = message.len();
    message.resize(head + length, 0);
    stream.read_exact(&mut message[head..]).await?;
    Ok(Some(message))
}

fn body(message: &[u8]) -> io::Result<Value> {
    let head = message.windows(4).position(|bytes| bytes == b"\r\n\r\n").unwrap_or_default();
    Ok(serde_json::from_slice(&message[head..])?)
}

fn answer(status: u16, body: &Value) -> Vec<u8> {
    let body = body.to_string();
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status} X\r\ncontent-type: application/x-amz-json-1.0\r\ncontent-length: {length}"
    );
    format!("{head}\r\n\r\n{body}").into_bytes()
}
