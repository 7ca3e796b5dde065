//! What a server has that must survive a restart: its data, its keys and its secret.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rookery_domain::{Clock, Entropy, PlainToken, VendorId};
use rookery_email::CapturedMail;
use rookery_table::{LocalTable, LocalTableError};
use rookery_tokens::{LocalSealer, LocalSigner};
use serde::{Deserialize, Serialize};

use crate::{Options, StartError};

/// What a back end signs in with. The secret is kept in clear: it is for this machine only, and shown on a page.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Credentials {
    pub(crate) client_id: VendorId,
    pub(crate) secret: String,
}

/// The parts that are in memory or in a folder.
pub(crate) struct Home {
    pub(crate) credentials: Credentials,
    pub(crate) user_key: LocalSigner,
    pub(crate) vendor_key: LocalSigner,
    /// What seals users' secrets.
    pub(crate) sealer: LocalSealer,
    pub(crate) mail: CapturedMail,
    pub(crate) table: LocalTable,
    /// Held for as long as the data is used.
    pub(crate) lock: Option<File>,
}

impl Home {
    pub(crate) async fn open(
        options: &Options,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, StartError> {
        match &options.data_dir {
            Some(path) => Self::in_folder(&Folder(path.clone()), options, clock, entropy).await,
            None => Self::in_memory(options, clock, entropy).await,
        }
    }

    async fn in_memory(
        options: &Options,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, StartError> {
        let credentials = credentials(options, None, &*entropy)?;
        let table = match &options.dynamodb_endpoint {
            Some(url) => table_elsewhere(url, &credentials).await?,
            None => LocalTable::in_memory().await?,
        };
        Ok(Self {
            credentials,
            user_key: LocalSigner::generate()?,
            vendor_key: LocalSigner::generate()?,
            sealer: LocalSealer::from_text(&LocalSealer::generate(&*entropy), entropy)?,
            mail: CapturedMail::in_memory(clock),
            table,
            lock: None,
        })
    }

    async fn in_folder(
        folder: &Folder,
        options: &Options,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, StartError> {
        folder.make()?;
        let lock = folder.lock()?;
        let credentials = credentials(options, folder.credentials()?, &*entropy)?;
        folder.keep_credentials(&credentials)?;
        let table = match &options.dynamodb_endpoint {
            Some(url) => table_elsewhere(url, &credentials).await?,
            None => LocalTable::on_disk(&folder.0.join("table.db")).await?,
        };
        Ok(Self {
            credentials,
            user_key: folder.key("user-key.pem")?,
            vendor_key: folder.key("vendor-key.pem")?,
            sealer: folder.sealer(entropy)?,
            mail: CapturedMail::in_folder(clock, &folder.0)
                .map_err(|source| folder.error("mail.jsonl", source))?,
            table,
            lock: Some(lock),
        })
    }
}

/// The table in the engine at `url`. It is the client's own, so that servers can share the engine.
async fn table_elsewhere(url: &str, credentials: &Credentials) -> Result<LocalTable, LocalTableError> {
    LocalTable::at_endpoint(url, &format!("rookery-{}", credentials.client_id)).await
}

/// What was asked for, else what was kept, else something new.
fn credentials(
    options: &Options,
    kept: Option<Credentials>,
    entropy: &dyn Entropy,
) -> Result<Credentials, StartError> {
    let (kept_id, kept_secret) = kept.map(|kept| (kept.client_id, kept.secret)).unzip();
    let client_id = match (options.client_id, kept_id) {
        (Some(wanted), Some(kept)) if wanted != kept => return Err(StartError::OtherClient(kept)),
        (Some(id), _) | (None, Some(id)) => id,
        (None, None) => VendorId::random(entropy),
    };
    let secret = options.secret.clone().or(kept_secret);
    Ok(Credentials {
        client_id,
        secret: secret.unwrap_or_else(|| PlainToken::random(entropy).expose().to_owned()),
    })
}

/// A folder of files that nobody else may read.
struct Folder(PathBuf);

impl Folder {
    fn make(&self) -> Result<(), StartError> {
        // The engine makes files too, and says nothing of who may read them.
        #[cfg(unix)]
        rustix::process::umask(rustix::fs::Mode::RWXG | rustix::fs::Mode::RWXO);
        let mut builder = DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&self.0).map_err(|source| self.error("", source))
    }

    fn lock(&self) -> Result<File, StartError> {
        let file = private().open(self.0.join("lock")).map_err(|source| self.error("lock", source))?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(TryLockError::WouldBlock) => Err(StartError::InUse(self.0.clone())),
            Err(TryLockError::Error(source)) => Err(self.error("lock", source)),
        }
    }

    fn credentials(&self) -> Result<Option<Credentials>, StartError> {
        let Some(text) = self.read("credentials.json")? else {
            return Ok(None);
        };
        serde_json::from_str(&text)
            .map(Some)
            .map_err(|source| StartError::Credentials { path: self.0.join("credentials.json"), source })
    }

    fn keep_credentials(&self, credentials: &Credentials) -> Result<(), StartError> {
        let name = "credentials.json";
        let text =
            serde_json::to_string_pretty(credentials).map_err(|source| self.error(name, source.into()))?;
        self.write(name, &(text + "\n"))
    }

    /// The key in the file `name`; a new one if there is none.
    fn key(&self, name: &str) -> Result<LocalSigner, StartError> {
        if let Some(text) = self.read(name)? {
            return Ok(LocalSigner::from_pkcs8_pem(&text)?);
        }
        let key = LocalSigner::generate()?;
        self.write(name, &key.to_pkcs8_pem()?)?;
        Ok(key)
    }

    /// What seals with the key in its file; with a new one if there is none.
    fn sealer(&self, entropy: Arc<dyn Entropy>) -> Result<LocalSealer, StartError> {
        let name = "secrets.key";
        if let Some(text) = self.read(name)? {
            return Ok(LocalSealer::from_text(&text, entropy)?);
        }
        let key = LocalSealer::generate(&*entropy);
        self.write(name, &key)?;
        Ok(LocalSealer::from_text(&key, entropy)?)
    }

    fn read(&self, name: &str) -> Result<Option<String>, StartError> {
        match fs::read_to_string(self.0.join(name)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            read => read.map(Some).map_err(|source| self.error(name, source)),
        }
    }

    /// Writes the file whole or not at all.
    fn write(&self, name: &str, text: &str) -> Result<(), StartError> {
        let path = self.0.join(name);
        let fresh = path.with_extension("new");
        let write = || {
            let mut file = private().truncate(true).open(&fresh)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            fs::rename(&fresh, &path)
        };
        write().map_err(|source| self.error(name, source))
    }

    fn error(&self, name: &str, source: io::Error) -> StartError {
        StartError::File { path: self.0.join(Path::new(name)), source }
    }
}

/// How to open a file that only its owner may read.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.create(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}
