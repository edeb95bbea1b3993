//! The cure: nine tenths of all allocations go. A program of its own, since it counts those of the whole process.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use exchange::Cluster;
use exchange::cluster::Layout;
use exchange::pagerank::Graph;
use exchange::shuffle::Shuffle;

#[global_allocator]
static ALLOCATOR: dhat::Alloc = dhat::Alloc;

fn allocations(variant: &str) -> u64 {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(async {
        let layout = Layout {
            workers: 4,
            batch: 64,
            seed: 7,
            graph: Graph::generate(7, 10, 2),
        };
        let mut cluster = Cluster::new(layout, variant.parse().unwrap());
        let job = Shuffle {
            rounds: 4,
            records: 4_096,
        };
        cluster.shuffle(job).await.unwrap();
        let before = dhat::HeapStats::get().total_blocks;
        cluster.shuffle(job).await.unwrap();
        dhat::HeapStats::get().total_blocks - before
    })
}

#[test]
fn pooling_saves_nine_allocations_in_ten() {
    let _profiler = dhat::Profiler::builder().testing().build();
    for encoding in ["", "+typed"] {
        let story = allocations(&format!("story{encoding}"));
        let cured = allocations(&format!("cured{encoding}"));
        assert!(
            story >= 4 * 4 * 4_096 / 64,
            "one per message at least: {story}"
        );
        assert!(cured * 10 <= story, "{cured} of {story} are left");
    }
}
