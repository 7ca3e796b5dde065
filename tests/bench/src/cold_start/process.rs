//! A process, and what Linux says of it.

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command};

use crate::Failure;

/// A process that ends when nobody looks at it any more.
pub(crate) struct Process(Child);

impl Process {
    pub(crate) fn start(command: &mut Command) -> Result<Self, Failure> {
        Ok(Self(command.spawn()?))
    }

    /// The processor time of its threads, in milliseconds.
    pub(crate) fn cpu_milliseconds(&self) -> Result<f64, Failure> {
        let mut nanoseconds = 0.0;
        for task in fs::read_dir(self.folder().join("task"))? {
            let times = fs::read_to_string(task?.path().join("schedstat"))?;
            let running: f64 = times.split(' ').next().unwrap_or_default().parse()?;
            nanoseconds += running;
        }
        Ok(nanoseconds / 1e6)
    }

    /// The most memory that it had, in megabytes.
    pub(crate) fn peak_megabytes(&self) -> Result<f64, Failure> {
        let status = fs::read_to_string(self.folder().join("status"))?;
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.strip_suffix("kB"));
        let kibibytes: f64 = peak.ok_or("the system does not say how much memory it had")?.trim().parse()?;
        Ok(kibibytes * 1_024.0 / 1e6)
    }

    fn folder(&self) -> PathBuf {
        PathBuf::from(format!("/proc/{}", self.0.id()))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
