//! Mail that goes nowhere: kept to be looked at.

use std::collections::VecDeque;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use futures::future::BoxFuture;
use rookery_domain::{Clock, EmailAddress, JsonObject, TemplateKind, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{Message, SendError, Transport};

/// How many messages are kept.
const CAPACITY: usize = 500;

/// A message as it was captured, with the one-time token that it carries.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CapturedMessage {
    /// Its number: one more than that of the message before it.
    pub id: u64,
    /// Whom it is for.
    pub to: EmailAddress,
    /// The subject.
    pub subject: String,
    /// The body for readers that show no HTML.
    pub text: String,
    /// The body.
    pub html: String,
    /// The template it was rendered with.
    pub template: TemplateKind,
    /// What the template was given.
    pub variables: JsonObject,
    /// When it was sent.
    pub sent_at: Timestamp,
}

/// A transport that keeps the newest 500 messages. Clones share them.
#[derive(Clone)]
pub struct CapturedMail {
    clock: Arc<dyn Clock>,
    mailbox: Arc<Mutex<Mailbox>>,
}

impl CapturedMail {
    /// An empty mailbox that is gone with the process.
    #[must_use]
    pub fn in_memory(clock: Arc<dyn Clock>) -> Self {
        Self::with(clock, Mailbox::default())
    }

    /// The mailbox in the file `mail.jsonl` of `folder`, which is made if need be.
    ///
    /// # Errors
    /// The folder or the file cannot be made or read.
    pub fn in_folder(clock: Arc<dyn Clock>, folder: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        Ok(Self::with(clock, Mailbox::open(folder.join("mail.jsonl"))?))
    }

    fn with(clock: Arc<dyn Clock>, mailbox: Mailbox) -> Self {
        Self { clock, mailbox: Arc::new(Mutex::new(mailbox)) }
    }

    /// What was captured, newest first.
    #[must_use]
    pub fn messages(&self) -> Vec<Arc<CapturedMessage>> {
        self.locked(|mailbox| mailbox.newest_first.iter().cloned().collect())
    }

    fn locked<T>(&self, work: impl FnOnce(&mut Mailbox) -> T) -> T {
        work(&mut self.mailbox.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Transport for CapturedMail {
    fn send<'a>(&'a self, message: &'a Message) -> BoxFuture<'a, Result<(), SendError>> {
        let sent_at = self.clock.now();
        let outcome = self.locked(|mailbox| mailbox.add(message, sent_at));
        Box::pin(async { outcome.map_err(|error| SendError::Unavailable(error.kind().to_string())) })
    }
}

#[derive(Default)]
struct Mailbox {
    newest_first: VecDeque<Arc<CapturedMessage>>,
    journal: Option<Journal>,
}

impl Mailbox {
    fn open(path: PathBuf) -> io::Result<Self> {
        let mut mailbox = Self::default();
        for message in read(&path)? {
            mailbox.keep(Arc::new(message));
        }
        mailbox.journal = Some(Journal::rewrite(path, &mailbox.newest_first)?);
        Ok(mailbox)
    }

    fn add(&mut self, message: &Message, sent_at: Timestamp) -> io::Result<()> {
        let captured = Arc::new(CapturedMessage {
            id: self.newest_first.front().map_or(1, |newest| newest.id + 1),
            to: message.to.clone(),
            subject: message.subject.clone(),
            text: message.text.clone(),
            html: message.html.clone(),
            template: message.template,
            variables: message.variables.clone(),
            sent_at,
        });
        if let Some(journal) = &mut self.journal {
            journal.append(&captured)?;
        }
        self.keep(captured);
        if let Some(journal) = &mut self.journal
            && journal.lines >= 2 * CAPACITY
        {
            *journal = Journal::rewrite(journal.path.clone(), &self.newest_first)?;
        }
        Ok(())
    }

    fn keep(&mut self, message: Arc<CapturedMessage>) {
        self.newest_first.push_front(message);
        self.newest_first.truncate(CAPACITY);
    }
}

/// The messages that a file holds, oldest first; none if there is no file.
fn read(path: &Path) -> io::Result<Vec<CapturedMessage>> {
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        opened => opened?,
    };
    let mut messages = Vec::new();
    for (index, line) in BufReader::new(file).split(b'\n').enumerate() {
        // A process that was killed while it wrote leaves half a line.
        match serde_json::from_slice(&line?) {
            Ok(message) => messages.push(message),
            Err(error) => tracing::warn!(line = index + 1, %error, "skipped a captured mail"),
        }
    }
    Ok(messages)
}

/// A file of messages as lines of JSON, oldest first.
struct Journal {
    path: PathBuf,
    file: File,
    lines: usize,
}

impl Journal {
    /// Writes the file anew, so that it holds what is kept and nothing else.
    fn rewrite(path: PathBuf, newest_first: &VecDeque<Arc<CapturedMessage>>) -> io::Result<Self> {
        let fresh = path.with_extension("new");
        let mut writer = BufWriter::new(File::create(&fresh)?);
        for message in newest_first.iter().rev() {
            write_line(&mut writer, message)?;
        }
        writer.flush()?;
        fs::rename(&fresh, &path)?;
        let file = OpenOptions::new().append(true).open(&path)?;
        Ok(Self { path, file, lines: newest_first.len() })
    }

    fn append(&mut self, message: &CapturedMessage) -> io::Result<()> {
        self.lines += 1;
        let mut line = Vec::new();
        write_line(&mut line, message)?;
        self.file.write_all(&line)
    }
}

fn write_line(mut out: impl io::Write, message: &CapturedMessage) -> io::Result<()> {
    serde_json::to_writer(&mut out, message)?;
    out.write_all(b"\n")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rookery_domain::ManualClock;
    use serde_json::json;

    use super::*;
    use crate::test_mails;

    fn clock() -> Arc<ManualClock> {
        Arc::new(ManualClock::at(Timestamp::from_millis(1_700_000_000_000)))
    }

    fn message(subject: &str) -> Message {
        Message { subject: subject.to_owned(), ..test_mails::message() }
    }

    fn subjects(mail: &CapturedMail) -> Vec<String> {
        mail.messages().iter().map(|message| message.subject.clone()).collect()
    }

    /// A folder of its own for each test, gone when the test is over.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("rookery-email-{name}-{}", std::process::id()));
            Self(path)
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[tokio::test]
    async fn messages_are_shown_newest_first_in_the_documented_shape() {
        let clock = clock();
        let mail = CapturedMail::in_memory(clock.clone());
        mail.send(&message("first")).await.unwrap();
        clock.advance(Duration::from_secs(5));
        mail.clone().send(&message("second")).await.unwrap();
        assert_eq!(subjects(&mail), ["second", "first"]);

        let mut shown = serde_json::to_value(mail.messages()).unwrap();
        let newest = shown[0].as_object_mut().unwrap();
        assert!(newest.remove("text").is_some() && newest.remove("html").is_some());
        assert!(newest["variables"].get("redirectURL").is_some());
        newest.remove("variables");
        let expected = json!({
            "id": 2,
            "to": "jane.doe@example.com",
            "subject": "second",
            "template": "ActivateUser",
            "sentAt": "2023-11-14T22:13:25.000Z",
        });
        assert_eq!(shown[0], expected);
    }

    #[tokio::test]
    async fn messages_survive_a_restart_and_half_a_line_does_no_harm() {
        let folder = Folder::new("restart");
        let mail = CapturedMail::in_folder(clock(), &folder.0).unwrap();
        mail.send(&message("first")).await.unwrap();
        mail.send(&message("second")).await.unwrap();
        let before = mail.messages();
        drop(mail);
        let mut file = OpenOptions::new().append(true).open(folder.0.join("mail.jsonl")).unwrap();
        file.write_all(br#"{"id":3,"to":"jane@exa"#).unwrap();

        let mail = CapturedMail::in_folder(clock(), &folder.0).unwrap();
        assert!(mail.messages() == before);
        mail.send(&message("third")).await.unwrap();
        let mail = CapturedMail::in_folder(clock(), &folder.0).unwrap();
        assert_eq!(subjects(&mail), ["third", "second", "first"]);
        assert_eq!(mail.messages()[0].id, 3);
    }

    #[tokio::test]
    async fn neither_memory_nor_the_file_grows_without_end() {
        let folder = Folder::new("limit");
        let mail = CapturedMail::in_folder(clock(), &folder.0).unwrap();
        let small = Message { html: String::new(), text: String::new(), ..message("x") };
        for _ in 0..=2 * CAPACITY {
            mail.send(&small).await.unwrap();
        }
        assert_eq!(mail.messages().len(), CAPACITY);
        assert_eq!(mail.messages()[0].id, 1001);
        let file = fs::read_to_string(folder.0.join("mail.jsonl")).unwrap();
        assert_eq!(file.lines().count(), CAPACITY + 1);
        assert_eq!(CapturedMail::in_folder(clock(), &folder.0).unwrap().messages().len(), CAPACITY);
    }
}
