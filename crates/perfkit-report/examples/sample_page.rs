//! Writes the sample report page to the path given as argument, for looking at it in a browser.

use std::error::Error;
use std::fs::File;
use std::io::{BufWriter, Write};

#[path = "../tests/sample/mod.rs"]
#[expect(dead_code, reason = "the tests use the rest of the sample")]
mod sample;

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args_os()
        .nth(1)
        .ok_or("give the path to write the page to")?;
    let mut writer = BufWriter::new(File::create(path)?);
    let sample = sample::sample();
    perfkit_report::html::render(&sample.view(), &mut writer)?;
    writer.flush()?;
    Ok(())
}
