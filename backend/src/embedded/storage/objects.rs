//! The bytes of files, on the local disk, under random names.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

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
}

/// An object being written; dropped before [`Writing::finish`] it leaves nothing.
pub(super) struct Writing(WriteMultipart);

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
        })
    }

    /// Begins a new object.
    pub(super) async fn create(&self, name: &str) -> anyhow::Result<Writing> {
        let upload = self.store.put_multipart(&Location::from(name)).await?;
        Ok(Writing(WriteMultipart::new_with_chunk_size(upload, CHUNK_BYTES)))
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

    /// Puts the bytes of one object under another name too.
    pub(super) async fn copy(&self, from: &str, to: &str) -> anyhow::Result<()> {
        // Both names are of one file, and `sweep.rs` takes an old one without a row for left behind.
        let path = self.folder.join(from);
        let touch = move || {
            std::fs::File::options()
                .write(true)
                .open(path)?
                .set_modified(SystemTime::now())
        };
        tokio::task::spawn_blocking(touch).await??;
        Ok(self
            .store
            .copy(&Location::from(from), &Location::from(to))
            .await?)
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
        self.0.wait_for_capacity(CHUNKS_WAITING).await?;
        self.0.put(bytes);
        Ok(())
    }

    /// Puts the object under its name; it is safe on the disk when this returns.
    pub(super) async fn finish(self) -> anyhow::Result<()> {
        self.0.finish().await?;
        Ok(())
    }

    /// Removes what was written.
    pub(super) async fn abort(self) -> anyhow::Result<()> {
        Ok(self.0.abort().await?)
    }
}
