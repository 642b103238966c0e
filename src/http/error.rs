/// Why a service could not be asked, or did not answer as an HTTP server does. No variant holds a header or a body.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HttpError {
    /// The URL of the service cannot be used.
    #[error("the address of {service} is not usable: {reason}")]
    Url {
        /// The service.
        service: &'static str,
        /// The fault.
        reason: &'static str,
    },
    /// A URL without TLS of a service on another machine.
    #[error("{origin} has no TLS, so anyone on the network path could {exposed}")]
    Plain {
        /// Scheme, host and port of the service.
        origin: String,
        /// The attack that TLS would prevent.
        exposed: &'static str,
    },
    /// This machine cannot speak to any service.
    #[error("cannot set up the connection to {service}: {reason}")]
    Setup {
        /// The service.
        service: &'static str,
        /// The library's own words.
        reason: String,
    },
    /// The name of the service, or of a proxy, has no address. A retry helps when the network is back.
    #[error("the name {host} cannot be found: {reason}")]
    Dns {
        /// The name.
        host: String,
        /// The system's own words.
        reason: String,
    },
    /// Nobody listens there. A retry helps when the service is back.
    #[error("{origin} refuses connections")]
    ConnectionRefused {
        /// Scheme, host and port of the service.
        origin: String,
    },
    /// The server cannot prove who it is, or does not speak TLS.
    #[error("no secure connection to {origin}: {reason}")]
    Tls {
        /// Scheme, host and port of the service.
        origin: String,
        /// The library's own words.
        reason: String,
    },
    /// No connection, for another reason. A retry may help.
    #[error("no connection to {origin}: {reason}")]
    Connect {
        /// Scheme, host and port of the service.
        origin: String,
        /// The system's own words.
        reason: String,
    },
    /// No answer within the time limits. A retry may help.
    #[error("{origin} did not answer in time")]
    Timeout {
        /// Scheme, host and port of the service.
        origin: String,
    },
    /// The connection ended before the answer did. A retry may help.
    #[error("{origin} broke the connection off: {reason}")]
    Broken {
        /// Scheme, host and port of the service.
        origin: String,
        /// The system's own words.
        reason: String,
    },
    /// Something answered that is no HTTP server.
    #[error("{origin} does not speak HTTP")]
    NotHttp {
        /// Scheme, host and port of the service.
        origin: String,
    },
    /// The answer has no end in sight.
    #[error("the answer of {origin} is longer than {most} bytes")]
    TooLong {
        /// Scheme, host and port of the service.
        origin: String,
        /// The bytes that are read at most.
        most: usize,
    },
    /// The answer leads to another server, where a secret must not go.
    #[error("{origin} redirects to {to}, which was not followed")]
    Redirected {
        /// Scheme, host and port of the service.
        origin: String,
        /// Scheme, host and port of the other server.
        to: String,
    },
    /// A redirect loop.
    #[error("{origin} redirects again and again")]
    TooManyRedirects {
        /// Scheme, host and port of the service.
        origin: String,
    },
}

impl HttpError {
    /// Whether it may pass within seconds.
    pub(crate) fn is_passing(&self) -> bool {
        matches!(self, Self::Timeout { .. } | Self::Broken { .. })
    }

    /// Whether there was no answer at all.
    pub(crate) fn is_without_answer(&self) -> bool {
        matches!(
            self,
            Self::Dns { .. }
                | Self::ConnectionRefused { .. }
                | Self::Tls { .. }
                | Self::Connect { .. }
                | Self::Timeout { .. }
                | Self::Broken { .. }
                | Self::NotHttp { .. }
        )
    }
}
