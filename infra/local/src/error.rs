//! Why the server does not start.

use std::io;
use std::path::PathBuf;

use rookery_domain::VendorId;
use rookery_store::StoreError;
use rookery_table::LocalTableError;
use rookery_tokens::{PasswordError, SealingError, SigningError};

/// The server does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The port is taken, or not ours to take.
    #[error("port {port} cannot be listened on")]
    Port {
        /// The port.
        port: u16,
        /// Why not.
        source: io::Error,
    },
    /// A file or folder cannot be read or written.
    #[error("{} cannot be used", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Another server has the data.
    #[error("{} is in use by another rookery-local", .0.display())]
    InUse(PathBuf),
    /// The file of the client id and the secret is none.
    #[error("{} is not what it should be", path.display())]
    Credentials {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// The data belongs to another client id than the one that was asked for.
    #[error("the data belongs to client id {0}: leave --client-id out, or name another folder")]
    OtherClient(VendorId),
    /// A host name belongs to another environment in the same table.
    #[error("the host {0} belongs to another environment")]
    HostTaken(String),
    /// There is no table.
    #[error(transparent)]
    Table(#[from] LocalTableError),
    /// The table does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A signing key cannot be made or read.
    #[error("a signing key cannot be used")]
    Key(#[from] SigningError),
    /// The key for users' secrets cannot be read.
    #[error("the key for users' secrets cannot be used")]
    Secrets(#[from] SealingError),
    /// Passwords cannot be hashed.
    #[error(transparent)]
    Passwords(#[from] PasswordError),
    /// The sender of mails is no address.
    #[error(transparent)]
    Sender(#[from] rookery_domain::EmailAddressError),
    /// A page's template is broken.
    #[error("a page cannot be rendered")]
    Page(#[from] minijinja::Error),
}
