//! Runs the system in a loop, for an external profiler: `ddsplit-loop <variant> <memory|tcp> <round trips>`.

use std::error::Error;

use ddsplit::{Cluster, Input, Shape, Transport};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let switches = arguments.next().as_deref().unwrap_or("story").parse()?;
    let transport = match arguments.next().as_deref() {
        Some("tcp") => Transport::Tcp,
        _ => Transport::Memory,
    };
    let rounds: u32 = arguments.next().as_deref().unwrap_or("100").parse()?;
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(async {
            let cluster =
                Cluster::start(switches, transport, Input::generate(7, Shape::default())).await?;
            for _ in 0..rounds {
                let answers = cluster.round_trip().await?;
                cluster.check(&answers)?;
            }
            Ok(())
        })
}
