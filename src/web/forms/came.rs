//! Where a reader's request comes from, for the proof that consent events keep.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;

use crate::app::App;
use crate::subscribers::Origin;
use crate::web::client::Client;

/// The client's address and what it calls itself. Never logged.
#[derive(Clone)]
pub(super) struct Came {
    client: Client,
    user_agent: Option<String>,
}

impl Came {
    /// The origin of what is done by this way: `page`, `one-click`.
    pub(super) fn by<'a>(&'a self, way: &'a str) -> Origin<'a> {
        Origin { way, network_address: self.client.0, user_agent: self.user_agent.as_deref() }
    }
}

impl FromRequestParts<App> for Came {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        let client = Client::from_request_parts(parts, app).await?;
        let agent = parts.headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
        Ok(Self { client, user_agent: agent.map(str::to_owned) })
    }
}
