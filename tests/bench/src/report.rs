//! The results, as a table and as JSON.

use std::path::Path;
use std::thread;
use std::{fs, io};

use serde::Serialize;

use crate::Arguments;
use crate::cold_start::ColdStart;
use crate::lists;
use crate::measure::{IN_FLIGHT, Measurement};
use crate::operation::Operation;
use crate::scene::SHORT_LIST;

/// The results.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Report {
    cores: Option<usize>,
    rounds: usize,
    in_flight: usize,
    rows: Vec<Row>,
    cold_starts: Vec<ColdStart>,
    lists: Vec<lists::Row>,
}

/// What one operation came to.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    operation: String,
    cpu_milliseconds: f64,
    per_second: f64,
    /// Of a request to Rookery.
    table: Option<TableUse>,
    aim: Option<Aim>,
}

#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
struct TableUse {
    requests: usize,
    waves: usize,
}

/// What an operation is to cost at most, as a multiple of what it cannot do without.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Aim {
    multiple_of: &'static str,
    at_most: f64,
    ratio: f64,
    met: bool,
}

impl Report {
    pub(crate) fn new(
        measurements: &[Measurement],
        lists: Vec<lists::Row>,
        cold_starts: Vec<ColdStart>,
        arguments: &Arguments,
    ) -> Self {
        let row = |measurement: &Measurement| {
            let Measurement { operation, cpu_ms, per_second, table_requests, waves } = *measurement;
            let table = TableUse { requests: table_requests, waves };
            Row {
                operation: name(operation, arguments.users),
                cpu_milliseconds: cpu_ms,
                per_second,
                table: operation.is_request().then_some(table),
                aim: aim(operation, measurements),
            }
        };
        Self {
            cores: thread::available_parallelism().ok().map(usize::from),
            rounds: arguments.rounds,
            in_flight: IN_FLIGHT,
            rows: measurements.iter().map(row).collect(),
            cold_starts,
            lists,
        }
    }

    pub(crate) fn print(&self) {
        if !self.rows.is_empty() {
            self.print_operations();
        }
        if !self.lists.is_empty() {
            println!();
            lists::print(&self.lists);
        }
        if !self.cold_starts.is_empty() {
            println!();
            self.print_cold_starts();
        }
    }

    fn print_operations(&self) {
        println!(
            "{:<38}{:>9}{:>12}{:>16}{:>8}  ratio and aim",
            "operation", "CPU ms", "per second", "table requests", "waves"
        );
        for row in &self.rows {
            let number = |part: fn(TableUse) -> usize| row.table.map(|table| part(table).to_string());
            println!(
                "{:<38}{:>9.3}{:>12.0}{:>16}{:>8}  {}",
                row.operation,
                row.cpu_milliseconds,
                row.per_second,
                number(|table| table.requests).unwrap_or_default(),
                number(|table| table.waves).unwrap_or_default(),
                row.aim.as_ref().map(Aim::sentence).unwrap_or_default(),
            );
        }
        let missed = self.rows.iter().filter(|row| row.aim.as_ref().is_some_and(|aim| !aim.met)).count();
        match missed {
            0 => println!("All aims are met."),
            _ => println!("{missed} of the aims missed."),
        }
    }

    fn print_cold_starts(&self) {
        println!(
            "{:<25}{:<13}{:>10}{:>13}{:>9}{:>9}",
            "start of a function", "signing", "ready ms", "answered ms", "CPU ms", "peak MB"
        );
        for start in &self.cold_starts {
            println!(
                "{:<25}{:<13}{:>10.2}{:>13.2}{:>9.2}{:>9.1}",
                start.function,
                start.signing.map(|signing| format!("{signing:?}")).unwrap_or_default(),
                start.ready_milliseconds,
                start.answered_milliseconds,
                start.cpu_milliseconds,
                start.peak_megabytes,
            );
        }
    }

    pub(crate) fn write(&self, path: &Path) -> io::Result<()> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(path, serde_json::to_string_pretty(self)? + "\n")
    }
}

impl Aim {
    fn sentence(&self) -> String {
        let Self { multiple_of, at_most, ratio, met } = self;
        let met = if *met { "met" } else { "MISSED" };
        format!("{ratio:.2} × {multiple_of}, at most {at_most:.2}: {met}")
    }
}

fn name(operation: Operation, users: usize) -> String {
    match operation {
        Operation::Hash => "an Argon2id hash".to_owned(),
        Operation::Signature => "an RSA-2048 signature".to_owned(),
        Operation::GetItem => "a GetItem of a user, by the SDK itself".to_owned(),
        Operation::VendorToken => "vendor token".to_owned(),
        Operation::SignIn => "sign-in".to_owned(),
        Operation::Refresh => "refresh".to_owned(),
        Operation::ReadUser => "read of a user by id".to_owned(),
        Operation::ShortList => format!("page of a list of {SHORT_LIST} users"),
        Operation::LongList => format!("page of a list of {users} users"),
    }
}

fn aim(operation: Operation, measurements: &[Measurement]) -> Option<Aim> {
    let cpu_ms = |wanted: Operation| {
        let found = measurements.iter().find(|measurement| measurement.operation == wanted);
        found.map(|measurement| measurement.cpu_ms)
    };
    let (multiple_of, basis, at_most) = match operation {
        Operation::SignIn => ("its hash", cpu_ms(Operation::Hash)?, 1.15),
        Operation::Refresh => {
            let basis = cpu_ms(Operation::Signature)? + 3.0 * cpu_ms(Operation::GetItem)?;
            ("its signature and three GetItems", basis, 1.0)
        }
        Operation::ReadUser => ("a GetItem", cpu_ms(Operation::GetItem)?, 1.5),
        Operation::LongList => ("a page of the short list", cpu_ms(Operation::ShortList)?, 1.2),
        Operation::Hash
        | Operation::Signature
        | Operation::GetItem
        | Operation::VendorToken
        | Operation::ShortList => return None,
    };
    let ratio = cpu_ms(operation)? / basis;
    Some(Aim { multiple_of, at_most, ratio, met: ratio <= at_most })
}
