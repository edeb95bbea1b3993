//! Compiles the protocol twice: with `bytes` fields as vectors, as prost does by itself, and as shared slices. The compiler of
//! descriptions is one in Rust, so that no `protoc` has to be installed.

use std::error::Error;
use std::path::Path;

fn main() -> Result<(), Box<dyn Error>> {
    let out = std::env::var_os("OUT_DIR").ok_or("cargo names a folder")?;
    let descriptors = protox::compile(["proto/map.proto"], ["proto"])?;
    for flavour in ["vectors", "slices"] {
        let folder = Path::new(&out).join(flavour);
        std::fs::create_dir_all(&folder)?;
        let configured = tonic_prost_build::configure().out_dir(&folder);
        let configured = match flavour {
            "slices" => configured.bytes("."),
            _ => configured,
        };
        configured.compile_fds(descriptors.clone())?;
    }
    println!("cargo::rerun-if-changed=proto/map.proto");
    Ok(())
}
