//! A listener's service that can be exchanged while connections stay open: each request goes to the one in force.

use axum::Router;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::service::Service;
use tokio::sync::watch;

use super::front::{Answering, Front};

/// What a listener answers now. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Live(watch::Receiver<Front>);

impl Live {
    /// Answers as `front` does until the sender says otherwise.
    #[must_use]
    pub fn new(front: Front) -> (watch::Sender<Front>, Self) {
        let (sender, receiver) = watch::channel(front);
        (sender, Self(receiver))
    }
}

/// For good.
impl From<Front> for Live {
    fn from(front: Front) -> Self {
        Self::new(front).1
    }
}

/// For good.
impl From<Router> for Live {
    fn from(routes: Router) -> Self {
        Front::from(routes).into()
    }
}

impl Service<Request<Incoming>> for Live {
    type Response = <Front as Service<Request<Incoming>>>::Response;
    type Error = <Front as Service<Request<Incoming>>>::Error;
    type Future = Answering;

    fn call(&self, request: Request<Incoming>) -> Answering {
        self.0.borrow().call(request)
    }
}
