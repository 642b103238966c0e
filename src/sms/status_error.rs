use std::time::Duration;

use super::error::SmsError;

/// The error that a status stands for; only for statuses that do not say that all went well.
pub(super) fn status_error(
    origin: String,
    status: u16,
    text: String,
    retry_after: Option<Duration>,
) -> SmsError {
    match status {
        400 => SmsError::BadRequest { text },
        401 => SmsError::Unauthorized,
        404 => SmsError::NotFound { origin },
        405 => SmsError::MethodNotAllowed { origin },
        409 => SmsError::Conflict,
        413 => SmsError::TooLarge,
        429 => SmsError::RateLimited { retry_after },
        503 => SmsError::Maintenance { text, retry_after },
        500..=599 => SmsError::Server { status, text },
        _ => SmsError::Unexpected {
            origin,
            status,
            text,
        },
    }
}
