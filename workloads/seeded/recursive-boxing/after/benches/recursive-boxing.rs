//! Surveys a tree of folders.

use perfkit::{Bench, Case, Units};
use recursive_boxing::{Folder, Store, Survey, survey};

perfkit::main!(folders);

const FOLDERS: u64 = 8_000;

struct Tree {
    store: Store,
    root: u32,
    files: u64,
    bytes: u64,
    first: Survey,
}

fn folders(bench: &mut Bench) {
    bench
        .workload("recursive-boxing")
        .set_up(async |case: &Case| tree(case.seed()).await)
        .units(|_| Units::items(FOLDERS))
        .iterate(async |tree| survey(&tree.store, tree.root).await)
        .check(|tree, survey| {
            let is_right = survey.folders == FOLDERS
                && (survey.files, survey.bytes) == (tree.files, tree.bytes)
                && *survey == tree.first;
            if is_right {
                Ok(())
            } else {
                Err(format!("expected {:?}, got {survey:?}", tree.first))
            }
        });
}

/// Builds a tree from its leaves: every new folder takes up to three that have no parent yet.
async fn tree(seed: u64) -> Tree {
    let mut random = seed;
    let mut next = |below: u64| {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) % below
    };
    let mut tree = Tree {
        store: Store::default(),
        root: 0,
        files: 0,
        bytes: 0,
        first: Survey::default(),
    };
    let mut orphans = std::collections::VecDeque::new();
    for number in 0..FOLDERS {
        // Half of them are leaves; the last ones take what is left.
        let is_leaf = number < FOLDERS / 2;
        let wanted = if is_leaf { 0 } else { next(3) as usize + 1 };
        let wanted = if number == FOLDERS - 1 {
            orphans.len()
        } else {
            wanted
        };
        let folders = orphans.drain(..wanted.min(orphans.len())).collect();
        let files: Vec<u32> = (0..24 + next(40)).map(|_| next(1 << 22) as u32).collect();
        tree.files += files.len() as u64;
        tree.bytes += files.iter().map(|size| u64::from(*size)).sum::<u64>();
        tree.root = tree.store.put(&Folder { files, folders }).await;
        orphans.push_back(tree.root);
    }
    tree.first = survey(&tree.store, tree.root).await;
    tree
}
