//! A picture made small, each size within its bytes.

use aws_lc_rs::digest;
use image::imageops::{self, FilterType};
use image::{GenericImageView, RgbImage};

use super::decode::{Unfit, decode};
use super::size::{Pixels, Size};

/// A file of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendition {
    /// For which use.
    pub size: Size,
    /// Its name in addresses: a hash of its bytes, so that nobody guesses it and another picture has another.
    pub name: String,
    /// Width and height.
    pub pixels: Pixels,
    /// The file.
    pub bytes: Vec<u8>,
}

/// Nothing is made from more pixels than this a side: what a camera gives is halved quickly before it is made small well.
const ENOUGH: u32 = 2560;

/// From the best downwards, until the file is short enough.
const QUALITIES: [u8; 8] = [80, 74, 68, 60, 52, 44, 36, 28];

/// Makes these sizes of a picture; those for which it is too small are left out.
///
/// # Errors
/// When there is nothing to show in any size.
pub fn make(bytes: &[u8], sizes: &[Size]) -> Result<Vec<Rendition>, Unfit> {
    let whole = reduced(decode(bytes)?);
    let (width, height) = whole.dimensions();
    let made: Vec<Rendition> = sizes.iter().filter_map(|size| rendition(&whole, *size)).collect();
    if made.is_empty() { Err(Unfit::Small(width, height)) } else { Ok(made) }
}

fn reduced(whole: RgbImage) -> RgbImage {
    let (width, height) = whole.dimensions();
    let longer = width.max(height);
    if longer <= ENOUGH {
        return whole;
    }
    let side = |pixels: u32| {
        let side = u64::from(pixels) * u64::from(ENOUGH) / u64::from(longer);
        u32::try_from(side).unwrap_or(ENOUGH).max(1)
    };
    imageops::thumbnail(&whole, side(width), side(height))
}

fn rendition(whole: &RgbImage, size: Size) -> Option<Rendition> {
    let frame = size.frame(whole.dimensions());
    let (mut width, mut height) = size.scaled(frame)?;
    let part = whole.view(frame.x, frame.y, frame.width, frame.height);
    // Noise may be too long at any quality: then it is shown smaller.
    while width >= size.least() {
        let small = imageops::resize(&*part, width, height, FilterType::Lanczos3);
        if let Some(bytes) = encoded(&small, size) {
            return Some(Rendition { size, name: name(&bytes, size), pixels: (width, height), bytes });
        }
        (width, height) = (width * 4 / 5, (height * 4 / 5).max(1));
    }
    None
}

fn encoded(picture: &RgbImage, size: Size) -> Option<Vec<u8>> {
    QUALITIES.into_iter().find_map(|quality| {
        let bytes = if size.is_jpeg() { jpeg(picture, quality)? } else { webp(picture, quality)? };
        (bytes.len() <= size.budget()).then_some(bytes)
    })
}

fn jpeg(picture: &RgbImage, quality: u8) -> Option<Vec<u8>> {
    use jpeg_encoder::{ColorType, Encoder, SamplingFactor};
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, quality);
    encoder.set_sampling_factor(SamplingFactor::F_2_2);
    encoder.set_progressive(true);
    encoder.set_optimized_huffman_tables(true);
    let (width, height) = (u16::try_from(picture.width()).ok()?, u16::try_from(picture.height()).ok()?);
    encoder.encode(picture.as_raw(), width, height, ColorType::Rgb).ok()?;
    Some(bytes)
}

fn webp(picture: &RgbImage, quality: u8) -> Option<Vec<u8>> {
    let encoder = webp::Encoder::from_rgb(picture.as_raw(), picture.width(), picture.height());
    encoder.encode_simple(false, f32::from(quality)).ok().map(|bytes| bytes.to_vec())
}

/// 128 bits of SHA-256 in hexadecimal, and the ending.
fn name(bytes: &[u8], size: Size) -> String {
    let hash = digest::digest(&digest::SHA256, bytes);
    hex::encode(&hash.as_ref()[..16]) + if size.is_jpeg() { ".jpg" } else { ".webp" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    fn png(picture: &RgbImage) -> Vec<u8> {
        let mut bytes = Vec::new();
        picture.write_to(&mut Cursor::new(&mut bytes), image::ImageFormat::Png).unwrap();
        bytes
    }

    /// What compresses worst.
    fn noise(width: u32, height: u32) -> RgbImage {
        let mut state = 1u32;
        RgbImage::from_fn(width, height, |_, _| {
            let mut next = || {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 24) as u8
            };
            image::Rgb([next(), next(), next()])
        })
    }

    #[test]
    fn every_size_keeps_its_bytes_even_of_noise() {
        let made = make(&png(&noise(700, 500)), Size::ALL).unwrap();
        for one in &made {
            assert!(one.bytes.len() <= one.size.budget(), "{}: {}", one.size, one.bytes.len());
            let read = image::load_from_memory(&one.bytes).unwrap();
            assert_eq!((read.width(), read.height()), one.pixels, "{}", one.size);
            assert!(one.pixels.0 <= one.size.width());
            let format = image::guess_format(&one.bytes).unwrap();
            assert_eq!(format == image::ImageFormat::Jpeg, one.size.is_jpeg(), "{}", one.size);
        }
        let sizes: Vec<Size> = made.iter().map(|one| one.size).collect();
        assert_eq!(sizes, [Size::MailLead, Size::MailItem, Size::PageItem, Size::PageLead]);
    }

    #[test]
    fn equal_pictures_have_equal_names_and_others_have_others() {
        let names = |picture: &RgbImage| -> Vec<String> {
            make(&png(picture), &[Size::MailItem]).unwrap().into_iter().map(|one| one.name).collect()
        };
        let grey = RgbImage::from_pixel(200, 150, image::Rgb([90, 90, 90]));
        assert_eq!(names(&grey), names(&grey));
        assert_ne!(names(&grey), names(&noise(200, 150)));
        assert!(names(&grey)[0].ends_with(".jpg") && names(&grey)[0].len() == 36);
    }
}
