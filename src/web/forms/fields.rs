//! The fields of a posted form, in either encoding.

use axum::body::Bytes;
use axum::extract::{FromRequest, Multipart, Request};
use axum::http::{StatusCode, header};

use crate::app::App;

/// The fields as they came. A body that is neither `application/x-www-form-urlencoded` nor `multipart/form-data`, or
/// is spoiled, has none: whoever wants to leave is not sent away for it.
#[derive(Debug, Default)]
pub(in crate::web) struct Fields(Vec<(String, String)>);

impl Fields {
    /// Those of an `application/x-www-form-urlencoded` body.
    pub(in crate::web) fn of_form(body: &[u8]) -> Self {
        Self(url::form_urlencoded::parse(body).into_owned().collect())
    }

    /// Whether there is a field of this name.
    pub(in crate::web) fn has(&self, name: &'static str) -> bool {
        self.all(name).next().is_some()
    }

    /// The first field of this name; empty without one.
    pub(in crate::web) fn first(&self, name: &'static str) -> &str {
        self.all(name).next().unwrap_or_default()
    }

    /// Every field of this name.
    pub(in crate::web) fn all(&self, name: &'static str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(field, _)| field == name).map(|(_, value)| value.as_str())
    }
}

impl FromRequest<App> for Fields {
    type Rejection = StatusCode;

    async fn from_request(request: Request, app: &App) -> Result<Self, Self::Rejection> {
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let kind = kind.unwrap_or_default().trim_start().to_ascii_lowercase();
        let read = if kind.starts_with("multipart/form-data") {
            multipart(request, app).await
        } else {
            let body = Bytes::from_request(request, app).await.map_err(|rejection| rejection.status());
            body.map(|body| match kind.starts_with("application/x-www-form-urlencoded") {
                true => Self::of_form(&body),
                false => Self::default(),
            })
        };
        match read {
            Err(StatusCode::PAYLOAD_TOO_LARGE) => Err(StatusCode::PAYLOAD_TOO_LARGE),
            read => Ok(read.unwrap_or_default()),
        }
    }
}

async fn multipart(request: Request, app: &App) -> Result<Fields, StatusCode> {
    let mut parts = Multipart::from_request(request, app).await.map_err(|rejection| rejection.status())?;
    let mut fields = Vec::new();
    while let Some(part) = parts.next_field().await.map_err(|error| error.status())? {
        let name = part.name().unwrap_or_default().to_owned();
        let value = part.text().await.map_err(|error| error.status())?;
        fields.push((name, value));
    }
    Ok(Fields(fields))
}
