//! Who may: bearer tokens (RFC 6750) from the configuration.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;

use super::refused;
use crate::config::Secret;

/// Lets through who shows one of `tokens`. A token whose variable or file is missing lets nobody through and is
/// logged by its name.
///
/// # Errors
/// The answer to send: 401.
pub(super) fn require(headers: &HeaderMap, tokens: &[Secret]) -> Result<(), Box<Response>> {
    let shown = bearer(headers);
    let mut known = false;
    for token in tokens {
        match token.read() {
            // Every token is compared: how long it takes tells nothing about which one was nearly right.
            Ok(token) => known |= shown.is_some_and(|shown| is_same(shown, &token)),
            Err(error) => tracing::error!(%error, "a token of the API cannot be read"),
        }
    }
    if known {
        return Ok(());
    }
    let (challenge, error) = match shown {
        None => ("Bearer realm=\"kiosque\"", "send `Authorization: Bearer TOKEN` with a token of api.tokens"),
        Some(_) => ("Bearer realm=\"kiosque\", error=\"invalid_token\"", "the token is none of api.tokens"),
    };
    let mut response = refused(StatusCode::UNAUTHORIZED, error);
    response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
    Err(Box::new(response))
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim()).filter(|token| !token.is_empty())
}

/// Compared by hashes, so that not even the length shows.
fn is_same(shown: &str, token: &str) -> bool {
    let hash = |text: &str| digest(&SHA256, text.as_bytes());
    verify_slices_are_equal(hash(shown).as_ref(), hash(token).as_ref()).is_ok()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn only_a_token_of_the_configuration_lets_through() {
        let secret = |written: &str| Secret::new("api.tokens", written, Path::new("/nowhere"));
        let tokens = [secret("file:missing"), secret("sesame-1"), secret("sesame-2")];
        let asked = |value: &str| {
            let headers = HeaderMap::from_iter([(header::AUTHORIZATION, value.parse().unwrap())]);
            require(&headers, &tokens).is_ok()
        };
        assert!(asked("Bearer sesame-1") && asked("bearer  sesame-2"));
        for wrong in ["Bearer sesame-", "Bearer sesame-11", "Basic sesame-1", "Bearer ", "Bearer", "sesame-1"]
        {
            assert!(!asked(wrong), "{wrong}");
        }
        assert!(require(&HeaderMap::new(), &[]).is_err());
    }
}
