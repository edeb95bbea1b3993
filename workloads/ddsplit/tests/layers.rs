//! Layers over a storage behave the same whether their types are known or boxed.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::io;

use ddsplit::layers::{Metered, Retrying, Traffic};
use ddsplit::record::FragmentId;
use ddsplit::storage::{AnyStorage, BlockId, Storage, TableStorage, TreeStorage};

const FIRST: BlockId = BlockId {
    fragment: FragmentId { key: 7, index: 1 },
    number: 0,
};

const SECOND: BlockId = BlockId { number: 1, ..FIRST };

/// Lets one call through after so many interruptions.
struct Flaky<S> {
    storage: S,
    patience: u32,
    interruptions: u32,
}

impl<S: Storage> Flaky<S> {
    fn new(storage: S, patience: u32) -> Self {
        Self {
            storage,
            patience,
            interruptions: 0,
        }
    }

    fn interrupt(&mut self) -> io::Result<()> {
        if self.interruptions < self.patience {
            self.interruptions += 1;
            return Err(io::ErrorKind::Interrupted.into());
        }
        self.interruptions = 0;
        Ok(())
    }
}

impl<S: Storage> Storage for Flaky<S> {
    async fn write_block(&mut self, id: BlockId, bytes: &[u8]) -> io::Result<()> {
        self.interrupt()?;
        self.storage.write_block(id, bytes).await
    }

    async fn read_block(&mut self, id: BlockId) -> io::Result<Box<[u8]>> {
        self.interrupt()?;
        self.storage.read_block(id).await
    }
}

fn run<T>(test: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
        .block_on(test)
}

async fn keeps_blocks(mut storage: impl Storage) {
    let missing = storage.read_block(SECOND).await.unwrap_err();
    assert_eq!(missing.kind(), io::ErrorKind::NotFound);
    for (id, bytes) in [(SECOND, b"two"), (FIRST, b"one"), (SECOND, b"six")] {
        storage.write_block(id, bytes).await.unwrap();
        assert_eq!(storage.read_block(id).await.unwrap()[..], *bytes);
    }
    assert_eq!(storage.read_block(FIRST).await.unwrap()[..], *b"one");
}

#[test]
fn every_storage_keeps_the_latest_of_each_block() {
    run(async {
        keeps_blocks(TreeStorage::default()).await;
        keeps_blocks(TableStorage::default()).await;
        keeps_blocks(Retrying::new(Metered::new(TreeStorage::default()))).await;
        keeps_blocks(AnyStorage::new(Retrying::new(AnyStorage::new(
            TableStorage::default(),
        ))))
        .await;
    });
}

#[test]
fn two_interruptions_are_made_up_for_and_three_are_not() {
    for (patience, expected) in [(2, None), (3, Some(io::ErrorKind::Interrupted))] {
        let flaky = || Flaky::new(TreeStorage::default(), patience);
        let kind = |written: io::Result<()>| written.err().map(|error| error.kind());
        run(async {
            let mut known = Retrying::new(flaky());
            assert_eq!(
                kind(known.write_block(FIRST, b"one").await),
                expected,
                "{patience} interruptions"
            );
            let mut unknown = Retrying::new(AnyStorage::new(flaky()));
            assert_eq!(
                kind(unknown.write_block(FIRST, b"one").await),
                expected,
                "{patience} interruptions, boxed"
            );
        });
    }
}

#[test]
fn only_what_went_through_is_counted() {
    run(async {
        let mut metered = Metered::new(Flaky::new(TreeStorage::default(), 1));
        for _ in 0..4 {
            let _every_other = metered.write_block(FIRST, b"four").await;
        }
        for _ in 0..2 {
            let _every_other = metered.read_block(FIRST).await;
        }
        let expected = Traffic {
            blocks: 3,
            bytes: 12,
        };
        assert_eq!(metered.traffic(), expected);
        assert_eq!(Retrying::new(metered).storage().traffic(), expected);
    });
}
