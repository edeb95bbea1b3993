//! A client gets objects from a server.

use handshake_per_request::{Client, OBJECT, object, serve};
use perfkit::{Bench, Case, Units};
use tokio::sync::mpsc;

perfkit::main!(objects);

const OBJECTS: u64 = 500;
const SECRET: u64 = 0x5eed;

/// Bytes that a client got, and how many objects its server has sent.
async fn get_all() -> std::io::Result<(Vec<u8>, u64)> {
    let (sender, receiver) = mpsc::channel(4);
    let client = async move {
        let mut client = Client::new(sender, SECRET);
        let mut all = Vec::with_capacity(OBJECTS as usize * OBJECT);
        for number in 0..OBJECTS {
            all.extend_from_slice(&client.get(number).await?);
        }
        Ok(all)
    };
    tokio::try_join!(client, serve(receiver, SECRET))
}

fn objects(bench: &mut Bench) {
    bench
        .workload("handshake-per-request")
        .set_up(async |_: &Case| (0..OBJECTS).flat_map(object).collect::<Vec<u8>>())
        .units(|all| Units::items(OBJECTS).and_bytes(all.len() as u64))
        .iterate(async |_: &mut Vec<u8>| get_all().await)
        .check(|expected, got| match got {
            Ok((all, OBJECTS)) if all == expected => Ok(()),
            Ok((all, sent)) => Err(format!("got {} bytes of {sent} objects", all.len())),
            Err(error) => Err(error.to_string()),
        });
}
