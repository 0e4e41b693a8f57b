//! The newsroom's name, logo and colours, as every public page has them.

use crate::config::{Config, Site};
use crate::html::logo::{Logo, LogoError};
use crate::html::palette::Palette;
use serde::Serialize;

/// What makes the public pages those of one newsroom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Look {
    /// What stands at the head of every page.
    pub name: String,
    /// The picture in its place, served below `/logo/`.
    pub logo: Option<LogoView>,
    /// The colours.
    pub palette: Palette,
    /// The pictures.
    #[serde(skip)]
    pub pictures: Vec<Logo>,
}

/// Names of the logo's pictures, below `/logo/`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LogoView {
    /// On light grounds.
    pub day: String,
    /// On dark ones; empty where it is the same.
    pub night: String,
}

impl Look {
    /// Reads what `[site]` names.
    ///
    /// # Errors
    /// When a picture cannot be used.
    pub fn load(config: &Config) -> Result<Look, LogoError> {
        let Site { name, logo, logo_dark, colour } = &config.site;
        let load = |path: &Option<_>| path.as_deref().map(Logo::load).transpose();
        let (day, night) = (load(logo)?, load(logo_dark)?);
        let named = |picture: &Option<Logo>| picture.as_ref().map(|picture| picture.name.clone());
        Ok(Look {
            name: if name.is_empty() { config.publisher.name.clone() } else { name.clone() },
            logo: named(&day).map(|day| LogoView { day, night: named(&night).unwrap_or_default() }),
            palette: Palette::of(*colour),
            pictures: day.into_iter().chain(night).collect(),
        })
    }
}
