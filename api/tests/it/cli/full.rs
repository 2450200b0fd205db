//! A disk that is full: a small file system of its own, filled to the last byte.

use super::Home;
use std::fmt::Write as _;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A file system in memory, mounted until it is dropped.
struct Disk(PathBuf);

impl Disk {
    /// None where this process may not mount: the test then says that it was left out, and what stands is what a run does when the database
    /// says that its disk is full (`runtime/agent/tests/it/driver/full.rs`). Whoever may mount tries it.
    fn mount(at: PathBuf, megabytes: u32) -> Option<Self> {
        fs::create_dir_all(&at).expect("mount point");
        let done = Command::new("mount").args(["-t", "tmpfs", "-o", &format!("size={megabytes}m"), "tmpfs"]).arg(&at).output();
        if done.as_ref().is_ok_and(|output| output.status.success()) {
            return Some(Self(at));
        }
        assert!(!may_mount(), "this process may mount, and it did not work: {done:?}");
        println!("mounting is not allowed here: left out");
        None
    }

    /// Writes until nothing more fits, and gives the file to remove.
    fn fill(&self) -> PathBuf {
        let filler = self.0.join("filler");
        let mut file = OpenOptions::new().create(true).append(true).open(&filler).expect("filler");
        for size in [1 << 20, 4096, 1] {
            while file.write_all(&vec![0; size]).is_ok() {}
        }
        filler
    }
}

/// Whether the kernel lets this process mount: bit 21 of what it may do is `CAP_SYS_ADMIN`.
fn may_mount() -> bool {
    let status = fs::read_to_string("/proc/self/status").expect("what this process may do");
    let may = status.lines().find_map(|line| line.strip_prefix("CapEff:")).and_then(|bits| u64::from_str_radix(bits.trim(), 16).ok());
    may.expect("`CapEff`") & (1 << 21) != 0
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

fn contacts(file: &Path, rows: u32) {
    let mut text = "First Name,Last Name,E-mail 1 - Value\n".to_owned();
    (0..rows).for_each(|row| writeln!(text, "Ann{row},Smith{row},ann{row}@example.org").expect("text"));
    fs::write(file, text).expect("file");
}

#[test]
fn a_full_disk_is_named_and_nothing_is_lost() {
    let home = Home::empty("full");
    let Some(small) = Disk::mount(home.path("data"), 24) else { return };
    home.refused(&["up", "--listen", "127.0.0.1:0"], &["the disk that holds", "is full; make room and start again, nothing is lost"]);
    drop(small);

    let disk = Disk::mount(home.path("data"), 200).expect("mounted before");
    let up = home.up(&[]);
    contacts(&home.path("few.csv"), 10);
    contacts(&home.path("many.csv"), 20_000);
    assert!(home.succeeds(&["contacts", "import", "few.csv"]).contains("Made 10 contacts"));
    let filler = disk.fill();
    home.refused(&["contacts", "import", "many.csv"], &["the disk of the database is full; make room and try again, nothing was written"]);
    fs::remove_file(filler).expect("room again");
    // The server was there all the time; the file is taken whole, and what was there before still is.
    let imported = home.succeeds(&["contacts", "import", "many.csv"]);
    assert!(imported.contains("Made 19990 contacts") && imported.contains("left 10 as they were"), "{imported}");
    assert!(up.stop().success());
}

#[test]
fn a_full_volume_of_the_write_ahead_log_stops_the_server_with_a_clear_word_and_loses_nothing() {
    let home = Home::empty("wal");
    home.up(&[]).stop();
    // The log on a small volume of its own, as many have it, with the rights it had.
    let (there, small) = (home.path("data/pg/pg_wal"), home.path("wal"));
    let Some(disk) = Disk::mount(small.clone(), 72) else { return };
    for (program, arguments) in [
        ("cp", vec!["-a", &format!("{}/.", there.display()), &small.display().to_string()]),
        ("rm", vec!["-r", &there.display().to_string()]),
        ("ln", vec!["-s", &small.display().to_string(), &there.display().to_string()]),
    ] {
        assert!(Command::new(program).args(arguments).status().expect("run").success(), "{program}");
    }
    let mut up = home.up(&[]);
    contacts(&home.path("few.csv"), 10);
    contacts(&home.path("many.csv"), 20_000);
    assert!(home.succeeds(&["contacts", "import", "few.csv"]).contains("Made 10 contacts"));
    let filler = disk.fill();
    let refused = home.run(&["contacts", "import", "many.csv"]);
    assert!(refused.code == 1 && !refused.err.contains("panicked"), "{refused:?}");
    // PostgreSQL cannot promise anything any more, so it ends, and so do we.
    assert_eq!(up.wait().code(), Some(1), "{}", up.log());
    let log = up.log();
    assert!(log.contains("is full; make room and start again, nothing is lost"), "{log}");
    home.refused(&["up", "--listen", "127.0.0.1:0"], &["is full; make room and start again, nothing is lost"]);
    fs::remove_file(filler).expect("room again");
    let up = home.up(&[]);
    let imported = home.succeeds(&["contacts", "import", "many.csv"]);
    assert!(imported.contains("Made 19990 contacts") && imported.contains("left 10 as they were"), "{imported}");
    assert!(home.succeeds(&["audit", "verify"]).contains("All is as it was signed."));
    assert!(up.stop().success());
}
