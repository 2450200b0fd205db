//! How long `steward up` takes to be ready on an initialised data directory, with a private PostgreSQL, and what it holds when nothing happens.
//!
//! Each figure is of the real program, started as a person starts it. What the pages of the web add to its memory is asked of it as well,
//! where they were built into it.

#![expect(clippy::indexing_slicing, clippy::panic, clippy::disallowed_methods, reason = "a measurement stops where what it looks for is missing")]

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Starts that are measured; the median counts.
const STARTS: usize = 7;
/// A program that has nothing to do is left alone so long before its memory is read.
const SETTLE: Duration = Duration::from_secs(3);
const EXPORT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../admin/dist");

/// A running program.
struct Up {
    child: Child,
    port: u16,
}

impl Up {
    /// Starts it, and gives how long it took until it answered that it was ready.
    fn start(dir: &Path) -> (Self, f64) {
        let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port").port();
        let began = Instant::now();
        let mut child = Command::new(env!("CARGO_BIN_EXE_steward"))
            .args(["up", "--listen", &format!("127.0.0.1:{port}")])
            .current_dir(dir)
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("start");
        // It says where it is once it listens; it is ready when it says so over HTTP.
        let mut lines = BufReader::new(child.stdout.take().expect("output")).lines();
        let said = lines.by_ref().map_while(Result::ok).any(|line| line.contains(&port.to_string()));
        assert!(said, "it ended before it said where it is");
        std::thread::spawn(move || lines.for_each(drop));
        let up = Self { child, port };
        while !up.get("/readyz").starts_with(b"HTTP/1.1 200") {
            assert!(began.elapsed() < Duration::from_secs(60), "not ready in a minute");
        }
        (up, began.elapsed().as_secs_f64() * 1e3)
    }

    fn get(&self, path: &str) -> Vec<u8> {
        let mut answer = Vec::new();
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).expect("it listens");
        write!(stream, "GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nAccept-Encoding: br\r\nConnection: close\r\n\r\n", self.port).expect("asked");
        stream.read_to_end(&mut answer).expect("answered");
        answer
    }

    /// Resident memory in MiB.
    fn resident(&self) -> f64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("Linux");
        let kib: f64 =
            status.lines().find_map(|line| line.strip_prefix("VmRSS:")).and_then(|rest| rest.split_whitespace().next()?.parse().ok()).expect("a number");
        kib / 1024.0
    }

    fn stop(mut self) {
        let pid = i32::try_from(self.child.id()).ok().and_then(rustix::process::Pid::from_raw).expect("a process");
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("it is there");
        assert!(self.child.wait().expect("it ends").success(), "it stops cleanly");
    }
}

/// Every file of the export, as it is asked for.
fn pages(folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            pages(&path, found);
        } else if let Ok(name) = path.strip_prefix(EXPORT) {
            found.push(format!("/{}", name.display()));
        }
    }
}

fn main() {
    // `cargo test --benches` must not measure.
    if std::env::args().any(|word| word == "--test") {
        return;
    }
    let dir: PathBuf = std::env::temp_dir().join(format!("stw-start-{}", std::process::id()));
    fs::create_dir_all(&dir).expect("scratch directory");
    // PostgreSQL runs as somebody else where this is run by the administrator.
    fs::set_permissions(&dir, fs::Permissions::from_mode(0o755)).expect("scratch permissions");
    let (first, first_ms) = Up::start(&dir);
    first.stop();
    println!("up/first_start_ms {first_ms:.0}");

    let mut ready = Vec::new();
    for round in 0..STARTS {
        let (up, ms) = Up::start(&dir);
        ready.push(ms);
        if round + 1 == STARTS {
            std::thread::sleep(SETTLE);
            let idle = up.resident();
            println!("up/idle_mib {idle:.1}");
            let mut names = Vec::new();
            pages(Path::new(EXPORT), &mut names);
            let served = names.iter().filter(|name| up.get(name).starts_with(b"HTTP/1.1 200")).count();
            if served > 100 {
                println!("up/pages_served {served}");
                println!("up/pages_mib {:.1}", up.resident() - idle);
            } else {
                println!("The web was not built into the program (scripts/web build): what it adds to the memory was left out.");
            }
        }
        up.stop();
    }
    ready.sort_by(f64::total_cmp);
    println!("up/ready_ms {:.0}", ready[STARTS / 2]);
    fs::remove_dir_all(&dir).unwrap_or_else(|err| panic!("{}: {err}", dir.display()));
}
