//! Message bytes: encoded once per variant, personal parts spliced in.
