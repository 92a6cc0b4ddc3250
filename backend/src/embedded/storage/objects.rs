//! The bytes of files, on the local disk, under random names.

use std::collections::HashSet;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Context;
use bytes::Bytes;
use futures_util::stream::BoxStream;
use object_store::local::LocalFileSystem;
use object_store::path::Path as Location;
use object_store::{GetOptions, GetRange, ObjectStore, ObjectStoreExt, WriteMultipart};

use super::super::private_files;

/// How much of an upload is held in memory before it goes to the disk.
const CHUNK_BYTES: usize = 1024 * 1024;
/// How many such chunks may wait for the disk.
const CHUNKS_WAITING: usize = 1;

/// The folder of the bytes.
pub(crate) struct Objects {
    folder: PathBuf,
    store: LocalFileSystem,
    under_way: Names,
}

/// The names of objects that have no row yet.
#[derive(Clone, Default)]
struct Names(Arc<Mutex<HashSet<String>>>);

/// Keeps an object without a row from being swept, until this is dropped.
pub(super) struct UnderWay {
    all: Names,
    name: String,
}

/// An object being written; dropped before [`Writing::finish`] it leaves nothing.
pub(super) struct Writing {
    bytes: WriteMultipart,
    under_way: UnderWay,
}

impl Names {
    fn names(&self) -> MutexGuard<'_, HashSet<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.all.names().remove(&self.name);
    }
}

impl Objects {
    /// Opens the folder, and makes it where it is absent.
    pub(crate) fn open(folder: &Path) -> anyhow::Result<Self> {
        private_files::create_folder(folder)
            .with_context(|| format!("making the folder {}", folder.display()))?;
        let store = LocalFileSystem::new_with_prefix(folder)
            .with_context(|| format!("opening the folder {}", folder.display()))?
            .with_fsync(true);
        Ok(Self {
            folder: folder.to_owned(),
            store,
            under_way: Names::default(),
        })
    }

    /// Begins a new object.
    pub(super) async fn create(&self, name: &str) -> anyhow::Result<Writing> {
        let under_way = self.begin(name);
        let upload = self.store.put_multipart(&Location::from(name)).await?;
        Ok(Writing {
            bytes: WriteMultipart::new_with_chunk_size(upload, CHUNK_BYTES),
            under_way,
        })
    }

    /// The bytes of `range`, as they come from the disk.
    pub(super) async fn read(
        &self,
        name: &str,
        range: Range<u64>,
    ) -> anyhow::Result<BoxStream<'static, object_store::Result<Bytes>>> {
        if range.is_empty() {
            return Ok(Box::pin(futures_util::stream::empty()));
        }
        let options = GetOptions {
            range: Some(GetRange::Bounded(range)),
            ..GetOptions::default()
        };
        Ok(self
            .store
            .get_opts(&Location::from(name), options)
            .await?
            .into_stream())
    }

    /// Puts the bytes of one object under another name too; the value is kept until that has its row.
    pub(super) async fn copy(&self, from: &str, to: &str) -> anyhow::Result<UnderWay> {
        let under_way = self.begin(to);
        self.store
            .copy(&Location::from(from), &Location::from(to))
            .await?;
        Ok(under_way)
    }

    /// Whether an object, or an unfinished one, may still get its row.
    pub(super) fn is_under_way(&self, file_name: &str) -> bool {
        let name = file_name.split('#').next().unwrap_or_default();
        self.under_way.names().contains(name)
    }

    fn begin(&self, name: &str) -> UnderWay {
        self.under_way.names().insert(name.to_owned());
        UnderWay {
            all: self.under_way.clone(),
            name: name.to_owned(),
        }
    }

    /// Removes an object; that it is gone already is no error.
    pub(crate) async fn delete(&self, name: &str) -> anyhow::Result<()> {
        match self.store.delete(&Location::from(name)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Where the objects lie, and the unfinished ones, named `{object}#{number}`.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }
}

impl Writing {
    /// Adds bytes; waits while the disk is slower than the sender.
    pub(super) async fn write(&mut self, bytes: Bytes) -> anyhow::Result<()> {
        self.bytes.wait_for_capacity(CHUNKS_WAITING).await?;
        self.bytes.put(bytes);
        Ok(())
    }

    /// Puts the object under its name; it is safe on the disk when this returns. The value is kept until
    /// it has its row.
    pub(super) async fn finish(self) -> anyhow::Result<UnderWay> {
        self.bytes.finish().await?;
        Ok(self.under_way)
    }

    /// Removes what was written.
    pub(super) async fn abort(self) -> anyhow::Result<()> {
        Ok(self.bytes.abort().await?)
    }
}
