//! A feed asked for as readers, caches and crawlers ask for it.

use std::time::Duration;

use url::Url;

use crate::feeds::check::{Exchange, Hop, Reply};
use crate::outbound::header::{
    ACCEPT, ACCEPT_ENCODING, ETAG, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED,
};
use crate::outbound::{Answer, HeaderMap, HeaderName, HeaderValue, Outbound, OutboundError};

/// What readers send.
const ACCEPTED: &str =
    "application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.9, */*;q=0.8";

/// Between two requests to one server.
const PAUSE: Duration = Duration::from_millis(100);

/// Asks for the feed compressed, plain, by its validators, by its date, and by HEAD. Only the first must be answered.
///
/// # Errors
/// When the first is not.
pub(super) async fn ask(outbound: &Outbound, url: &Url) -> Result<Exchange, OutboundError> {
    let full = outbound.get(url, headers(&[])).await?;
    let mut exchange = Exchange {
        asked: url.to_string(),
        hops: full.hops.iter().map(|hop| Hop { status: hop.status, to: hop.to.to_string() }).collect(),
        ..Exchange::default()
    };
    if full.status.is_success() {
        let again = |extra: Vec<(HeaderName, HeaderValue)>| async move {
            tokio::time::sleep(PAUSE).await;
            outbound.get(url, headers(&extra)).await.ok().map(reply)
        };
        exchange.plain = again(vec![(ACCEPT_ENCODING, HeaderValue::from_static("identity"))]).await;
        let validator =
            |name: HeaderName, of: HeaderName| full.headers.get(of).map(|value| (name, value.clone()));
        let date = validator(IF_MODIFIED_SINCE, LAST_MODIFIED);
        let both: Vec<_> = validator(IF_NONE_MATCH, ETAG).into_iter().chain(date.clone()).collect();
        if both.len() == 2 {
            exchange.dated = again(date.into_iter().collect()).await;
        }
        if !both.is_empty() {
            exchange.conditional = again(both).await;
        }
        tokio::time::sleep(PAUSE).await;
        let head = outbound.head(url, headers(&[])).await.ok().map(reply);
        exchange.head = match head {
            // What changed meanwhile, or has been compressed better, has that tag for GET too: no fault.
            Some(head) if head.headers.get(ETAG) != full.headers.get(ETAG) => {
                let now = again(Vec::new()).await;
                Some(head)
                    .filter(|head| now.is_none_or(|now| now.headers.get(ETAG) != head.headers.get(ETAG)))
            }
            head => head,
        };
    }
    exchange.full = reply(full);
    Ok(exchange)
}

fn headers(extra: &[(HeaderName, HeaderValue)]) -> HeaderMap {
    let accept = [(ACCEPT, HeaderValue::from_static(ACCEPTED))];
    accept.into_iter().chain(extra.iter().cloned()).collect()
}

fn reply(answer: Answer) -> Reply {
    Reply { status: answer.status, headers: answer.headers, body: answer.body }
}
