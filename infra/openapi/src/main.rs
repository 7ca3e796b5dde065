//! Writes the OpenAPI document of all endpoints to the file that is named.

use std::path::PathBuf;
use std::{fs, io};

use clap::Parser;

/// Write the OpenAPI document of all endpoints.
#[derive(Parser)]
struct Arguments {
    /// The file to write.
    file: PathBuf,
}

fn main() -> io::Result<()> {
    fs::write(Arguments::parse().file, rookery_openapi::text()?)
}
