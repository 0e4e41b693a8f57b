//! Public pages, feeds and the API over HTTP.
