//! What stands on the public listener: a ready feed is answered at once, everything else goes to the routes.
//!
//! A feed from memory costs less than the way through the routes and their layers (measured: three quarters of the time
//! of a 304), so GET and HEAD of one do not take it. The answer is the same to the byte; a test compares.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::http::{HeaderMap, Method, Request, Response, StatusCode, header};
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::service::Service;
use hyper_util::service::{TowerToHyperService, TowerToHyperServiceFuture};

use super::feeds::{self, Freshness};
use super::host::Hosts;
use super::observe::FeedCounts;
use crate::app::App;
use crate::clock::Clock;
use crate::feeds::FeedStore;

/// A listener's service. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Front {
    feeds: Option<Arc<Feeds>>,
    /// None: every host is ours.
    hosts: Option<Arc<Hosts>>,
    routes: TowerToHyperService<Router>,
}

/// What it takes to answer a feed.
#[derive(Debug)]
struct Feeds {
    store: FeedStore,
    clock: Clock,
    /// The path of the public URL: a proxy in front may take it off or leave it on.
    base: String,
    counts: FeedCounts,
}

impl Front {
    /// The feeds of `app` before `routes`, which answer them too; requests for other hosts are refused. Counting must have begun (see
    /// [`super::metrics::install`]), or these requests are not counted.
    #[must_use]
    pub fn new(app: &App, routes: Router) -> Self {
        let feeds = Feeds {
            store: app.feeds.clone(),
            clock: app.clock.clone(),
            base: app.config.public_url.path().to_owned(),
            counts: FeedCounts::new(),
        };
        let hosts = Arc::new(Hosts::of(&app.config));
        Self { feeds: Some(Arc::new(feeds)), hosts: Some(hosts), ..routes.into() }
    }
}

/// Routes alone.
impl From<Router> for Front {
    fn from(routes: Router) -> Self {
        Self { feeds: None, hosts: None, routes: TowerToHyperService::new(routes) }
    }
}

impl Feeds {
    fn answer<B>(&self, request: &Request<B>) -> Option<Response<Content>> {
        let (method, headers) = (request.method(), request.headers());
        if !matches!(*method, Method::GET | Method::HEAD) || wants_one_version(headers) {
            return None;
        }
        let path = request.uri().path();
        let name = path.strip_prefix(&*self.base).unwrap_or(path).strip_prefix(feeds::ROOT)?;
        let snapshot = self.store.ready(name)?;
        let response = feeds::ready(&snapshot, headers, Freshness::of_feed(&self.store, &self.clock));
        self.counts.count(method, response.status());
        Some(response.map(Content::Ready))
    }
}

/// Conditions that may fail: rare with feeds, and the routes have words for it.
fn wants_one_version(headers: &HeaderMap) -> bool {
    headers.contains_key(header::IF_MATCH) || headers.contains_key(header::IF_UNMODIFIED_SINCE)
}

impl Service<Request<Incoming>> for Front {
    type Response = Response<Content>;
    type Error = Infallible;
    type Future = Answering;

    fn call(&self, mut request: Request<Incoming>) -> Answering {
        if let Some(refusal) = self.hosts.as_ref().and_then(|hosts| hosts.refusal(&request)) {
            request.extensions_mut().insert(refusal);
            return Answering::Routed(Box::pin(self.routes.call(request)));
        }
        match self.feeds.as_ref().and_then(|feeds| feeds.answer(&request)) {
            Some(response) => Answering::Ready(Some(response)),
            None => Answering::Routed(Box::pin(self.routes.call(request))),
        }
    }
}

/// An answer in the making.
#[expect(missing_debug_implementations, reason = "the routes' future has none")]
pub enum Answering {
    /// It is there.
    Ready(Option<Response<Content>>),
    /// The routes make it.
    Routed(Pin<Box<TowerToHyperServiceFuture<Router, Request<Incoming>>>>),
}

impl Future for Answering {
    type Output = Result<Response<Content>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut *self {
            Self::Ready(response) => match response.take() {
                Some(response) => Poll::Ready(Ok(response)),
                None => Poll::Pending, // polled again after its end
            },
            Self::Routed(answer) => answer.as_mut().poll(context).map_ok(without_false_length),
        }
    }
}

/// Axum writes the length of the empty body on a 304, where the field means the body of a 200 (RFC 9110 §8.6).
fn without_false_length(mut response: Response<Body>) -> Response<Content> {
    if response.status() == StatusCode::NOT_MODIFIED {
        response.headers_mut().remove(header::CONTENT_LENGTH);
    }
    response.map(Content::Routed)
}

/// The body of an answer.
#[derive(Debug)]
pub enum Content {
    /// Bytes that stand in memory; none once they were handed over.
    Ready(Bytes),
    /// Whatever the routes make.
    Routed(Body),
}

impl HttpBody for Content {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        match &mut *self {
            Self::Ready(bytes) if bytes.is_empty() => Poll::Ready(None),
            Self::Ready(bytes) => Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes))))),
            Self::Routed(body) => Pin::new(body).poll_frame(context),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Ready(bytes) => bytes.is_empty(),
            Self::Routed(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Ready(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Self::Routed(body) => body.size_hint(),
        }
    }
}
