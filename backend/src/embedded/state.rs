//! What the handlers of the embedded server work with.

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use url::Url;

use super::Settings;
use super::audit::Audit;
use super::gate::Keys;
use super::known_device::DeviceKey;
use super::limits::Limits;
use super::link_key::LinkKey;
use super::password::Passwords;
use super::storage::{Arriving, Objects};
use super::store::Store;

/// What handlers work with.
pub struct Inner {
    pub(crate) settings: Settings,
    pub(crate) store: Store,
    pub(crate) audit: Audit,
    pub(crate) objects: Objects,
    pub(crate) arriving: Arriving,
    pub(crate) passwords: Passwords,
    pub(crate) keys: Keys,
    pub(crate) limits: Limits,
    pub(crate) link_key: LinkKey,
    pub(crate) device_key: DeviceKey,
    pub(crate) environment_id: String,
    pub(crate) client_key: String,
    pub(crate) mail_requested: Notify,
    pub(crate) mail_queued: Notify,
    pub(crate) stopping: CancellationToken,
    pub(crate) tasks: TaskTracker,
}

impl Inner {
    /// A URL below the public one, whose own path is kept.
    pub(crate) fn public_link(&self, path: &[&str]) -> anyhow::Result<Url> {
        let mut url = self.settings.public_url.clone();
        url.path_segments_mut()
            .map_err(|()| anyhow::anyhow!("the public URL has no path"))?
            .pop_if_empty()
            .extend(path);
        Ok(url)
    }
}
