//! Protected connections: certificates are checked against the machine's own list.

use std::sync::Arc;

use anyhow::Context;
use rustls::ClientConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls_platform_verifier::Verifier;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::delivery::smtp::connection::Stream;
use crate::delivery::smtp::stage::{Cause, Failure, Stage, Timers};

/// What a TLS handshake with a relay needs. Cheap to clone.
#[derive(Clone)]
pub struct TlsClient {
    connector: TlsConnector,
}

impl std::fmt::Debug for TlsClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TlsClient")
    }
}

impl TlsClient {
    /// Trusts the machine's certificates, and `extra` ones beside them (a newsroom's own authority, a test's).
    ///
    /// # Errors
    /// When an extra certificate cannot be read.
    pub fn new(extra: Vec<CertificateDer<'static>>) -> anyhow::Result<Self> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let verifier = Verifier::new_with_extra_roots(extra, Arc::clone(&provider))
            .context("the certificates to trust cannot be read")?;
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .context("TLS")?
            .dangerous() // rustls' word for any verifier handed in; this one checks everything
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth();
        Ok(Self { connector: TlsConnector::from(Arc::new(config)) })
    }

    /// The same for another protocol, under the caller's timer.
    pub(in crate::delivery) async fn connect(
        &self,
        host: &str,
        stream: TcpStream,
    ) -> anyhow::Result<TlsStream<TcpStream>> {
        let name = ServerName::try_from(host.to_owned()).context("not a host name")?;
        Ok(self.connector.connect(name, stream).await?)
    }

    /// Makes the stream a protected one. A certificate that does not fit `host` is a failure.
    pub(super) async fn handshake(
        &self,
        host: &str,
        stream: TcpStream,
        timers: &Timers,
    ) -> Result<Stream, Failure> {
        let fail = |why: String| Failure::new(Stage::Tls, Cause::Tls(why));
        let name = ServerName::try_from(host.to_owned()).map_err(|error| fail(error.to_string()))?;
        match tokio::time::timeout(timers.command, self.connector.connect(name, stream)).await {
            Ok(Ok(stream)) => Ok(Stream::Tls(Box::new(stream))),
            Ok(Err(error)) => Err(fail(error.to_string())),
            Err(_) => Err(Failure::new(Stage::Tls, Cause::Timeout)),
        }
    }
}
