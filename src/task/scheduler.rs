//! Why a task has failed, as its workerpool's scheduler has it. A hint: nothing proves it.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

use crate::chain::poco::Id;
use crate::http::{
    ACCEPT, HeaderMap, HeaderValue, HttpClient, HttpError, HttpOptions, HttpRequest, Method,
    ServiceLabel, redact,
};
use crate::wallet::address::Address;

const COMPASS: ServiceLabel = ServiceLabel {
    name: "iExec's compass",
    exposed: "send this program to another scheduler",
    takes_query: false,
};

const SCHEDULER: ServiceLabel = ServiceLabel {
    name: "the scheduler",
    exposed: "change what it says",
    takes_query: false,
};

/// Bytes of the longest answer that is read.
const LONGEST_ANSWER: usize = 1 << 20;

/// Causes that are told.
const MOST_CAUSES: usize = 8;

/// Why there is no word of a scheduler.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SchedulerError {
    /// It could not be asked.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// It does not know.
    #[error("{origin} does not tell ({status})")]
    Status {
        /// Scheme, host and port of the service.
        origin: String,
        /// The status.
        status: u16,
    },
    /// It answers something else.
    #[error("{origin} answers in a form that is not known")]
    Form {
        /// Scheme, host and port of the service.
        origin: String,
    },
}

/// Why a worker has failed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Cause {
    /// The worker, in the scheduler's words.
    pub worker: String,
    /// How far it came.
    pub status: String,
    /// The cause, where one is told.
    pub cause: Option<String>,
    /// What the app ended with.
    pub exit_code: Option<i64>,
}

/// The scheduler of a workerpool.
#[derive(Debug)]
pub struct Scheduler {
    http: HttpClient,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Place {
    api_url: String,
}

#[derive(Deserialize)]
struct TaskInfo {
    #[serde(default)]
    replicates: Vec<Replicate>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Replicate {
    #[serde(default)]
    wallet_address: String,
    #[serde(default)]
    current_status: String,
    #[serde(default)]
    app_exit_code: Option<i64>,
    #[serde(default)]
    status_update_list: Vec<StatusUpdate>,
}

#[derive(Deserialize)]
struct StatusUpdate {
    #[serde(default)]
    cause: Option<String>,
    #[serde(default)]
    details: Option<Details>,
}

#[derive(Deserialize)]
struct Details {
    #[serde(default)]
    cause: Option<String>,
}

impl Scheduler {
    /// The scheduler that the compass at `compass` names for a workerpool.
    ///
    /// # Errors
    /// When the compass cannot be asked, or names none.
    pub fn find(
        compass: &str,
        chain_id: u64,
        workerpool: Address,
        options: &HttpOptions,
    ) -> Result<Self, SchedulerError> {
        let http = HttpClient::new(COMPASS, compass, options.clone())?;
        let path = format!("{chain_id}/workerpools/{workerpool}");
        let place: Place = get(&http, &path)?;
        let http = HttpClient::new(SCHEDULER, &place.api_url, options.clone())?;
        Ok(Self { http })
    }

    /// Scheme, host and port of the scheduler.
    pub fn origin(&self) -> String {
        self.http.origin()
    }

    /// Why the workers of a task have failed: those that are told.
    ///
    /// # Errors
    /// When the scheduler cannot be asked, or does not know the task.
    pub fn causes(&self, task: Id) -> Result<Vec<Cause>, SchedulerError> {
        let id = task.to_string();
        let path = format!("tasks/{}", utf8_percent_encode(&id, NON_ALPHANUMERIC));
        let info: TaskInfo = get(&self.http, &path)?;
        let causes = info.replicates.into_iter().map(Cause::of);
        Ok(causes.take(MOST_CAUSES).collect())
    }
}

impl Cause {
    fn of(replicate: Replicate) -> Self {
        let updates = replicate.status_update_list.into_iter().rev();
        let cause = updates
            .filter_map(|it| it.cause.or(it.details.and_then(|it| it.cause)))
            .find(|cause| !cause.is_empty());
        Self {
            worker: redact(&replicate.wallet_address),
            status: redact(&replicate.current_status),
            cause: cause.map(|it| redact(&it)),
            exit_code: replicate.app_exit_code,
        }
    }
}

/// Asks once: what nobody waits for is not asked for again.
fn get<T: for<'a> Deserialize<'a>>(http: &HttpClient, path: &str) -> Result<T, SchedulerError> {
    let url = http.url(path, "");
    let json = HeaderValue::from_static("application/json");
    http.block_on(async {
        let request = HttpRequest {
            method: Method::GET,
            url: &url,
            headers: HeaderMap::from_iter([(ACCEPT, json)]),
            body: None,
            deadline: http.retry().deadline(),
        };
        let response = http.send(&request).await?;
        let (origin, status) = (http.origin(), response.status());
        if status != 200 {
            return Err(SchedulerError::Status { origin, status });
        }
        let bytes = response.bytes(LONGEST_ANSWER).await?;
        serde_json::from_slice(&bytes).map_err(|_| SchedulerError::Form { origin })
    })
}
