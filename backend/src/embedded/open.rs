//! The start: folders, database, first-start values, workers.

use anyhow::Context;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::audit::Audit;
use super::gate::Keys;
use super::known_device::DeviceKey;
use super::limits::Limits;
use super::link_key::LinkKey;
use super::mail_worker::{self, Mailer};
use super::password::Passwords;
use super::state::Inner;
use super::storage::{self, Arriving, Objects};
use super::store::keys::{KeyRow, Kind};
use super::store::{Store, environment, keys};
use super::{Embedded, Settings, cleaning, ids, mail_requests, private_files};

pub(crate) async fn open(settings: Settings) -> anyhow::Result<Embedded> {
    let data_dir = &settings.data_dir;
    private_files::make_private(data_dir)?;
    let mailer = settings.smtp.as_ref().map(Mailer::new).transpose()?;
    let link_key = LinkKey::open(data_dir)?;
    let objects = Objects::open(&data_dir.join("files"))?;
    let store = open_store(data_dir).await?;
    let (environment_id, client_key) = first_start(&store, settings.clock.now_ms()).await?;

    let audit = Audit::new(store.clone(), settings.clock.clone(), &link_key);
    let limits = Limits::new(settings.rate_limits, &settings.clock);
    let embedded = Embedded(std::sync::Arc::new(Inner {
        settings,
        store,
        audit,
        objects,
        arriving: Arriving::default(),
        passwords: Passwords::new().context("starting the password threads")?,
        keys: Keys::default(),
        limits,
        device_key: DeviceKey::new(&link_key.signing_key()),
        link_key,
        environment_id,
        client_key,
        mail_requested: Notify::new(),
        mail_queued: Notify::new(),
        stopping: CancellationToken::new(),
        tasks: TaskTracker::new(),
    }));
    if let Some(mailer) = mailer {
        embedded.tasks.spawn(mail_worker::run(embedded.clone(), mailer));
    }
    embedded.tasks.spawn(mail_requests::run(embedded.clone()));
    embedded.tasks.spawn(cleaning::run(embedded.clone()));
    embedded.tasks.spawn(cleaning::erase(embedded.clone()));
    Ok(embedded)
}

/// Opens the database of a folder.
pub(crate) async fn open_store(data_dir: &std::path::Path) -> anyhow::Result<Store> {
    let database = database_path(data_dir);
    Store::open(&database)
        .await
        .with_context(|| format!("opening the database {}", database.display()))
}

/// Where the database of a folder is.
pub(crate) fn database_path(data_dir: &std::path::Path) -> std::path::PathBuf {
    data_dir.join("latchkey.db")
}

/// Makes the environment's id, the bucket `root` and a client key where they are missing.
async fn first_start(store: &Store, now: i64) -> anyhow::Result<(String, String)> {
    let mut tx = store.begin().await?;
    let environment_id = if let Some(id) = environment::id(&mut *tx).await? {
        id
    } else {
        let id = ids::new_id();
        environment::insert(&mut *tx, &id, now).await?;
        storage::insert_root(&mut tx, &id, now).await?;
        id
    };
    let kept = keys::all(&mut *tx)
        .await?
        .into_iter()
        .find_map(|key| key.client_key.filter(|_| key.revoked_at.is_none()));
    let client_key = if let Some(key) = kept {
        key
    } else {
        let key = ids::new_client_key();
        let row = KeyRow {
            id: ids::new_id(),
            kind: Kind::Client,
            name: "made at the first start".to_owned(),
            key_hash: ids::digest(&key),
            client_key: Some(key.clone()),
            created_at: now,
            revoked_at: None,
        };
        keys::insert(&mut *tx, &row).await?;
        key
    };
    tx.commit().await?;
    Ok((environment_id, client_key))
}
