mod agent;
mod holder;
mod job;
mod parallel;
mod turns;

use std::fs::File;
use std::io::{self, Write as _};
use std::os::fd::AsFd as _;
use std::path::{Path, PathBuf};

use clap::Args;
use rustix::pipe::fcntl_setpipe_size;
use serde_json::{Value, json};

use crate::archive::{Archive, ArchiveError, Limits};
use crate::cli::context::Context;
use crate::cli::options::groups;
use crate::cli::ui::failure::Failure;
use crate::cli::ui::progress::Progress;
use crate::cli::ui::reply::Reply;
use crate::code::Code;
use crate::decrypt::{self, MadeFolder, Options, OutputError, Report, Target, Temporaries};
use crate::envelope::AesBackend;
use crate::text::escape::escape;

use holder::{Holder, Keys};
use job::{Destination, Job, jobs, spool_folder};
use turns::Pool;

const DEFAULT_ARCHIVE: &str = "encryptedResults.zip";
const DEFAULT_OUTPUT: &str = "results.zip";

/// Bytes that wait in the pipe that an archive or a result goes through: what Linux grants everybody.
/// Fewer turns between its two ends; what is no pipe, or may not grow, stays as it is.
const PIPE: usize = 1024 * 1024;

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  iexec-hsm result decrypt 0x1234….zip\n  iexec-hsm result decrypt 0x1234….zip --extract result/\n  iexec-hsm result decrypt downloads/*.zip --output-dir results/\n  curl … | iexec-hsm result decrypt - --output - | bsdtar -tf -"
)]
pub(crate) struct Decrypt {
    /// Archives: zips, folders that one was unzipped into, files in them, or - for stdin
    #[arg(default_value = DEFAULT_ARCHIVE, value_name = "ARCHIVE")]
    archives: Vec<PathBuf>,
    /// Where the result goes, - for stdout [default: results.zip]
    #[arg(long, short, value_name = "FILE", conflicts_with_all = ["output_dir", "extract"])]
    output: Option<PathBuf>,
    /// The folder that the results go to, under the names of their archives
    #[arg(long, value_name = "FOLDER", conflicts_with = "extract")]
    output_dir: Option<PathBuf>,
    /// Unpack the result into this folder; each of several into a folder of its own in it
    #[arg(long, short = 'x', value_name = "FOLDER")]
    extract: Option<PathBuf>,
    /// Replace what exists
    #[arg(long)]
    force: bool,
    /// Check the CRC of every file in the result, even where it is not unpacked
    #[arg(long)]
    verify: bool,
    /// Do not wait until the result is on the disk: a power cut may take it back
    #[arg(long)]
    no_sync: bool,
    #[command(flatten)]
    limits: groups::Limits,
    /// A key file in the folder of key files, in place of that of the address
    #[arg(long, value_name = "FILE")]
    beneficiary_key_file: Option<PathBuf>,
    #[command(flatten)]
    no_agent: groups::NoAgent,
}

pub(super) fn run(context: &Context, command: Decrypt) -> Result<Reply, Failure> {
    let limits = context.limits();
    let jobs = jobs(&command)?;
    let mut pins = context.pins()?;
    context.say(|| format!("AES by {}", AesBackend::in_use().as_str()));
    let run = Run {
        progress: Progress::new(context.global.quiet || context.global.raw),
        context,
        command: &command,
        options: Options {
            verify: command.verify,
            no_sync: command.no_sync,
            limits,
            temporaries: context.temporaries.clone(),
        },
    };
    if let Some(agent) = run.agent(&pins)? {
        let connection = |_| agent.connection(&pins);
        return match jobs.as_slice() {
            [job] => run.one(job, &mut connection(0)),
            jobs => {
                let threads = if run.may_ask(jobs) { 1 } else { agent.sessions };
                let connections = (0..threads.min(jobs.len())).map(connection).collect();
                Ok(Reply::done(parallel::open(&run, jobs, connections)))
            }
        };
    }
    let mut holder = Holder::new(&run, &mut pins, jobs.len());
    if let [job] = jobs.as_slice() {
        return run.one(job, &mut holder);
    }
    let mut first = None;
    for (number, job) in jobs.iter().enumerate() {
        let left = &jobs[number..];
        let beside = match run.may_ask(left) {
            true => Vec::new(),
            false => holder.beside(left.len()),
        };
        if beside.len() > 1 {
            // While results go to the disk, other archives can be opened. Where nobody waits for the
            // disk, more threads are in the way.
            let more = if command.no_sync { 0 } else { beside.len() };
            let pool = Pool::new(beside);
            first = first.or(parallel::open(&run, left, pool.turns(more)));
            break;
        }
        let opened = run.open(job, &mut holder);
        let stop = opened.as_ref().is_err_and(|stop| stop.for_all);
        first = first.or(run.tell(job, opened));
        if stop {
            break;
        }
    }
    Ok(Reply::done(first))
}

/// A run: the same for all its archives.
struct Run<'a> {
    context: &'a Context,
    command: &'a Decrypt,
    options: Options,
    progress: Progress,
}

/// A failure, and whether it is one of all archives: what failed once would fail, and cost PIN
/// attempts, for each of them.
struct Stop {
    failure: Failure,
    for_all: bool,
}

impl<E: Into<Failure>> From<E> for Stop {
    fn from(error: E) -> Self {
        let failure = error.into();
        let for_all = matches!(
            failure.code,
            Code::TokenNotUsable
                | Code::DeviceFailed
                | Code::PinWrong
                | Code::PinBlocked
                | Code::PinNeeded
                | Code::KeyNotFound
                | Code::AgentNotAvailable
        );
        Self { failure, for_all }
    }
}

impl Run<'_> {
    /// Opens the only archive.
    fn one(&self, job: &Job, holder: &mut impl Keys) -> Result<Reply, Failure> {
        let report = self.open(job, holder).map_err(|stop| stop.failure)?;
        Ok(reply(self.context, job, &report))
    }

    /// Whether a person may be asked about what stands in the place of a result: questions come
    /// one after the other.
    fn may_ask(&self, jobs: &[Job]) -> bool {
        !self.command.force
            && jobs
                .iter()
                .any(|job| job.place.path().is_some_and(Path::exists))
    }

    /// Opens an archive.
    fn open(&self, job: &Job, holder: &mut impl Keys) -> Result<Report, Stop> {
        let (context, command) = (self.context, self.command);
        let archive = open_archive(&job.archive, &spool_folder(job), &self.options.limits)?;
        let force = command.force || may_replace(context, job);
        let replace = |path: &Path| force || ask(context, path);
        let mut stdout;
        let target = match &job.place {
            Destination::File(path) => Target::File { path, force },
            Destination::Folder(path) => Target::Folder {
                path,
                replace: &replace,
            },
            Destination::Stdout => {
                stdout = open_stdout().map_err(|error| OutputError::io(Path::new("-"), error))?;
                Target::Stream(&mut stdout)
            }
        };
        // Before a PIN is asked for in vain.
        target.check(&archive)?;
        let _made = match &command.output_dir {
            Some(folder) => Some(make(folder, &self.context.temporaries)?),
            None => None,
        };
        let passes = match job.place {
            Destination::Stdout => 2,
            _ => 1,
        };
        let keys = holder.keys()?;
        self.progress.expect(passes * archive.result_len());
        let progress = |bytes| self.progress.add(bytes);
        decrypt::decrypt(&archive, keys, target, &self.options, &progress)
            .map_err(|error| Failure::from(error).into())
    }

    /// Tells of one of several archives; returns how it failed, if it did.
    fn tell(&self, job: &Job, opened: Result<Report, Stop>) -> Option<Code> {
        match opened {
            Ok(report) => {
                self.progress.aside(|| tell(self.context, job, &report));
                None
            }
            Err(stop) => {
                let failure = stop.failure.of(&job.archive.display().to_string());
                let raw = self.context.global.raw;
                self.progress
                    .aside(|| failure.print(&self.context.global.command, raw));
                Some(failure.code)
            }
        }
    }
}

fn make(folder: &Path, temporaries: &Temporaries) -> Result<MadeFolder, Failure> {
    MadeFolder::create(folder, temporaries).map_err(|error| {
        Failure::new(
            Code::IoFailed,
            format!("{} cannot be made: {error}", folder.display()),
        )
    })
}

/// Opens an archive by its path, or from stdin for `-`.
pub(super) fn open_archive(
    path: &Path,
    spool: &Path,
    limits: &Limits,
) -> Result<Archive, ArchiveError> {
    if path == Path::new("-") {
        let _ = fcntl_setpipe_size(io::stdin(), PIPE);
        return Archive::from_stream(io::stdin().lock(), spool, limits);
    }
    Archive::open(path, limits)
}

/// The standard output without the buffer that cuts what it is given at ends of lines.
fn open_stdout() -> io::Result<File> {
    let _ = fcntl_setpipe_size(io::stdout(), PIPE);
    Ok(File::from(io::stdout().as_fd().try_clone_to_owned()?))
}

/// Whether the file that stands where a result goes may be replaced; asks on a terminal.
fn may_replace(context: &Context, job: &Job) -> bool {
    matches!(&job.place, Destination::File(path) if path.is_file() && ask(context, path))
}

fn ask(context: &Context, path: &Path) -> bool {
    context.confirm(&format!(
        "File {} already exists, replace it? [y/N] ",
        path.display()
    ))
}

fn to_json(context: &Context, job: &Job, report: &Report) -> Value {
    let path = job.place.path().map(|path| context.absolute(path));
    json!({
        "resultsPath": path,
        "archive": job.archive,
        "key": report.key.uri,
        "bytes": report.bytes,
        "entries": report.entries,
    })
}

fn sentence(context: &Context, job: &Job, report: &Report) -> String {
    let place = job
        .place
        .path()
        .map_or("the standard output".into(), |path| {
            context.absolute(path).display().to_string()
        });
    format!(
        "Results successfully decrypted in {place}\nOpened with {}",
        report.key.uri
    )
}

fn reply(context: &Context, job: &Job, report: &Report) -> Reply {
    if matches!(job.place, Destination::Stdout) {
        // The result is on stdout: nothing else may be.
        if !context.global.raw {
            say(&sentence(context, job, report));
        }
        return Reply::done(None);
    }
    Reply::new(to_json(context, job, report)).note(sentence(context, job, report))
}

/// Tells of one of several archives at once, because the next may take long.
fn tell(context: &Context, job: &Job, report: &Report) {
    if context.global.raw {
        reply(context, job, report).print(&context.global.command, true);
    } else {
        let place = context.absolute(job.place.path().unwrap_or(Path::new("-")));
        say(&format!("{} -> {}", job.archive.display(), place.display()));
    }
}

fn say(line: &str) {
    // With stderr gone there is nobody to tell; the result is where it should be.
    let _ = writeln!(io::stderr(), "{}", escape(line));
}
