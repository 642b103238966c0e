use std::io;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Value, json};

use crate::archive::{Archive, ArchiveError, Limits};
use crate::cli::args::parse_size;
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::pins::Pins;
use crate::cli::progress::Progress;
use crate::cli::recorded::common_token;
use crate::cli::reply::Reply;
use crate::decrypt::{self, MadeFolder, Options, Report, Target};
use crate::token::{Session, TokenKeys, choose_key};

const DEFAULT_ARCHIVE: &str = "encryptedResults.zip";
const DEFAULT_OUTPUT: &str = "results.zip";

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  iexec-hsm result decrypt 0x1234….zip\n  iexec-hsm result decrypt 0x1234….zip --extract result/\n  iexec-hsm result decrypt downloads/*.zip --output-dir results/\n  curl … | iexec-hsm result decrypt - --output - | bsdtar -tf -"
)]
pub(in crate::cli) struct Decrypt {
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
    /// Largest result that is written, with K, M, G or T [default: 32G]
    #[arg(long, value_name = "SIZE", value_parser = parse_size, env = "IEXEC_HSM_MAX_SIZE", hide_env_values = true)]
    max_size: Option<u64>,
    /// Most entries that a result may have [default: 100000]
    #[arg(
        long,
        value_name = "COUNT",
        env = "IEXEC_HSM_MAX_ENTRIES",
        hide_env_values = true
    )]
    max_entries: Option<u64>,
    /// A key file in the folder of key files, in place of that of the address
    #[arg(long, value_name = "FILE")]
    beneficiary_key_file: Option<PathBuf>,
}

pub(super) fn run(context: &mut Context, command: Decrypt) -> Result<Reply, Failure> {
    let limits = context.limits(command.max_size, command.max_entries);
    let jobs = jobs(&command)?;
    let mut pins = context.pins()?;
    let mut holder = Holder {
        command: &command,
        context,
        pins: Some(&mut pins),
        keys: None,
    };
    let options = Options {
        verify: command.verify,
        limits,
    };
    if let [job] = jobs.as_slice() {
        let report = open(&mut holder, job, &options).map_err(|stop| stop.failure)?;
        return Ok(reply(context, job, &report));
    }
    let mut first = None;
    for job in &jobs {
        match open(&mut holder, job, &options) {
            Ok(report) => tell(context, job, &report),
            Err(stop) => {
                let failure = stop.failure.of(&job.archive.display().to_string());
                failure.print("result decrypt", context.global.raw);
                first = first.or(Some(failure.exit));
                // What failed once would fail, and cost PIN tries, for every archive.
                if stop.for_all {
                    break;
                }
            }
        }
    }
    Ok(Reply::done(first))
}

/// One archive and where its result goes.
struct Job {
    archive: PathBuf,
    place: Place,
    force: bool,
}

enum Place {
    File(PathBuf),
    Folder(PathBuf),
    Stdout,
}

impl Place {
    fn path(&self) -> Option<&Path> {
        match self {
            Self::File(path) | Self::Folder(path) => Some(path),
            Self::Stdout => None,
        }
    }
}

fn jobs(command: &Decrypt) -> Result<Vec<Job>, Failure> {
    let several = command.archives.len() > 1;
    if several && command.output_dir.is_none() && command.extract.is_none() {
        return Err(
            Failure::new(Exit::Usage, "several archives need a place each")
                .hint("Name a folder with --output-dir, or with --extract."),
        );
    }
    let jobs: Vec<Job> = command
        .archives
        .iter()
        .map(|archive| Job {
            archive: archive.clone(),
            place: place(command, archive, several),
            force: command.force,
        })
        .collect();
    let mut places: Vec<_> = jobs.iter().filter_map(|job| job.place.path()).collect();
    places.sort_unstable();
    if let Some(twice) = places.windows(2).find(|pair| pair[0] == pair[1]) {
        return Err(Failure::new(
            Exit::Usage,
            format!("two archives would become {}", twice[0].display()),
        )
        .hint("Open them one by one, each to a name of its own."));
    }
    Ok(jobs)
}

fn place(command: &Decrypt, archive: &Path, several: bool) -> Place {
    let stem = match archive.file_stem() {
        Some(stem) if archive != Path::new("-") => PathBuf::from(stem),
        _ => PathBuf::from("results"),
    };
    match (&command.extract, &command.output_dir, &command.output) {
        (Some(folder), ..) if several => Place::Folder(folder.join(stem)),
        (Some(folder), ..) => Place::Folder(folder.clone()),
        (_, Some(folder), _) => {
            let mut name = stem.into_os_string();
            name.push(".zip");
            Place::File(folder.join(name))
        }
        (.., Some(output)) if output == Path::new("-") => Place::Stdout,
        (.., Some(output)) => Place::File(output.clone()),
        _ => Place::File(DEFAULT_OUTPUT.into()),
    }
}

/// A failure, and whether it is one of all archives.
struct Stop {
    failure: Failure,
    for_all: bool,
}

impl<E: Into<Failure>> From<E> for Stop {
    fn from(error: E) -> Self {
        let failure = error.into();
        let for_all = matches!(
            failure.exit,
            Exit::TokenNotUsable
                | Exit::DeviceFailed
                | Exit::PinWrong
                | Exit::PinLocked
                | Exit::PinNeeded
                | Exit::KeyNotFound
        );
        Self { failure, for_all }
    }
}

fn open(holder: &mut Holder<'_, '_>, job: &Job, options: &Options) -> Result<Report, Stop> {
    let archive = open_archive(&job.archive, &spool_folder(job), &options.limits)?;
    let force = may_replace(holder.context, job)?;
    let _made = match &holder.command.output_dir {
        Some(folder) => Some(make(folder)?),
        None => None,
    };
    let quiet = holder.context.global.quiet || holder.context.global.raw;
    let keys = holder.keys()?;
    let mut stdout = io::stdout().lock();
    let passes = if matches!(job.place, Place::Stdout) {
        2
    } else {
        1
    };
    let progress = Progress::new(passes * archive.body_len(), quiet);
    let target = match &job.place {
        Place::File(path) => Target::File { path, force },
        Place::Folder(path) => Target::Folder { path, force },
        Place::Stdout => Target::Stream(&mut stdout),
    };
    Ok(decrypt::decrypt(
        &archive,
        keys,
        target,
        options,
        &|bytes| progress.add(bytes),
    )?)
}

fn make(folder: &Path) -> Result<MadeFolder, Failure> {
    MadeFolder::create(folder).map_err(|error| {
        Failure::new(
            Exit::IoFailed,
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
        return Archive::from_stream(io::stdin().lock(), spool, limits);
    }
    Archive::open(path, limits)
}

/// Where an archive from a pipe waits, still encrypted: on the disk that the result goes to.
fn spool_folder(job: &Job) -> PathBuf {
    let parent = job
        .place
        .path()
        .and_then(Path::parent)
        .filter(|it| it.is_dir());
    match parent {
        Some(parent) => parent.to_owned(),
        None if matches!(job.place, Place::Stdout) => std::env::temp_dir(),
        None => PathBuf::from("."),
    }
}

/// Whether an existing output may be replaced; asks on a terminal.
fn may_replace(context: &Context, job: &Job) -> Result<bool, Failure> {
    match &job.place {
        Place::File(path) if !job.force && path.is_file() => {
            let question = format!("File {} already exists, replace it? [y/N] ", path.display());
            if context.confirm(&question) {
                Ok(true)
            } else {
                Err(decrypt::OutputError::Exists(path.clone()).into())
            }
        }
        _ => Ok(job.force),
    }
}

/// The logged-in token, once an archive is there to be opened with it.
struct Holder<'c, 'p> {
    command: &'c Decrypt,
    context: &'c Context,
    pins: Option<&'p mut Pins>,
    keys: Option<TokenKeys<'p>>,
}

impl<'p> Holder<'_, 'p> {
    fn keys(&mut self) -> Result<&mut TokenKeys<'p>, Failure> {
        if let Some(pins) = self.pins.take() {
            self.keys = Some(self.log_in(pins)?);
        }
        // Without keys the log-in failed before, and every other archive is given up with it.
        self.keys
            .as_mut()
            .ok_or_else(|| Failure::new(Exit::DeviceFailed, "the token is not logged in"))
    }

    fn log_in(&self, pins: &'p mut Pins) -> Result<TokenKeys<'p>, Failure> {
        let context = self.context;
        let recorded = context.all_recorded(self.command.beneficiary_key_file.as_deref())?;
        let module = context.module()?;
        let token = context.token(&module, common_token(&recorded).as_ref())?;
        let session = Session::open_user(&module, &token, pins)?;
        let mut keys = session.private_keys()?;
        if keys.is_empty() || context.global.key.is_some() {
            keys = vec![choose_key(&token, keys, context.global.key.as_ref())?];
        }
        keys.sort_by_key(|key| !recorded.iter().any(|it| it.is(&token, key)));
        Ok(TokenKeys::new(session, keys, pins))
    }
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
    let place = job.place.path().map_or("stdout".into(), |path| {
        context.absolute(path).display().to_string()
    });
    format!(
        "Results successfully decrypted in {place}\nOpened with {}",
        report.key.uri
    )
}

fn reply(context: &Context, job: &Job, report: &Report) -> Reply {
    if matches!(job.place, Place::Stdout) {
        // The result is on stdout: nothing else may be.
        if !context.global.raw {
            eprintln!("{}", sentence(context, job, report));
        }
        return Reply::done(None);
    }
    Reply::new(to_json(context, job, report)).note(sentence(context, job, report))
}

/// Tells of one of several archives at once, because the next may take long.
fn tell(context: &Context, job: &Job, report: &Report) {
    if context.global.raw {
        reply(context, job, report).print("result decrypt", true);
    } else {
        let place = job.place.path().unwrap_or(Path::new("-"));
        eprintln!(
            "{} -> {}",
            job.archive.display(),
            context.absolute(place).display()
        );
    }
}
