//! A picture's pixels, from bytes that anybody may have written.
//!
//! What it would take to decode is judged by the header, before a pixel is: a file of some kilobytes may claim gigabytes.

use std::io::Cursor;

use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits, RgbImage};

/// The most pixels taken: a camera's 24 and a telephone's 12 million pass.
const PIXELS_MOST: u64 = 32_000_000;

/// The most memory that the pixels may take (bytes): 16-bit samples with alpha of a quarter of the above.
const MEMORY_MOST: u64 = 160 * 1024 * 1024;

/// Smaller ones are spacers, pixels that count, or icons.
const SIDE_LEAST: u32 = 48;

/// Why there is nothing to show.
#[derive(Debug, thiserror::Error)]
pub enum Unfit {
    /// It is neither JPEG, PNG, WebP nor GIF.
    #[error("neither JPEG, PNG, WebP nor GIF")]
    Format,
    /// It is too small to show anything.
    #[error("{0} × {1} pixels are too few to show anything")]
    Small(u32, u32),
    /// Decoding it would take too much.
    #[error("{0} × {1} pixels are more than are decoded")]
    Large(u32, u32),
    /// It is broken.
    #[error("it cannot be decoded: {0}")]
    Broken(String),
}

impl From<image::ImageError> for Unfit {
    fn from(error: image::ImageError) -> Self {
        Self::Broken(error.to_string())
    }
}

/// The pixels, upright as a camera noted (EXIF), on white where they are transparent; of what moves the first picture.
///
/// # Errors
/// When it is no picture, too small or too large, or broken.
pub fn decode(bytes: &[u8]) -> Result<RgbImage, Unfit> {
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().map_err(|_| Unfit::Format)?;
    let known = [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP, ImageFormat::Gif];
    if !reader.format().is_some_and(|format| known.contains(&format)) {
        return Err(Unfit::Format);
    }
    let mut limits = Limits::default();
    limits.max_alloc = Some(2 * MEMORY_MOST);
    reader.limits(limits);
    let mut decoder = reader.into_decoder()?;
    let (width, height) = decoder.dimensions();
    if width < SIDE_LEAST || height < SIDE_LEAST {
        return Err(Unfit::Small(width, height));
    }
    if u64::from(width) * u64::from(height) > PIXELS_MOST || decoder.total_bytes() > MEMORY_MOST {
        return Err(Unfit::Large(width, height));
    }
    let orientation = decoder.orientation()?;
    let mut picture = DynamicImage::from_decoder(decoder)?;
    picture.apply_orientation(orientation);
    Ok(on_white(picture))
}

fn on_white(picture: DynamicImage) -> RgbImage {
    if !picture.color().has_alpha() {
        return picture.into_rgb8();
    }
    let transparent = picture.into_rgba8();
    RgbImage::from_fn(transparent.width(), transparent.height(), |x, y| {
        let [red, green, blue, alpha] = transparent.get_pixel(x, y).0;
        let alpha = u16::from(alpha);
        let mix = |colour: u8| {
            let mixed = (u16::from(colour) * alpha + 255 * (255 - alpha)) / 255;
            u8::try_from(mixed).unwrap_or(u8::MAX)
        };
        image::Rgb([mix(red), mix(green), mix(blue)])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn png(picture: &DynamicImage) -> Vec<u8> {
        let mut bytes = Vec::new();
        picture.write_to(&mut Cursor::new(&mut bytes), ImageFormat::Png).unwrap();
        bytes
    }

    /// A PNG's header (PNG §11.2.2) that claims these pixels, and nothing behind it but what it needs to be opened.
    fn bomb(width: u32, height: u32) -> Vec<u8> {
        let mut bytes = png(&DynamicImage::new_rgb8(64, 64));
        bytes[16..20].copy_from_slice(&width.to_be_bytes());
        bytes[20..24].copy_from_slice(&height.to_be_bytes());
        let crc = crc32(&bytes[12..29]);
        bytes[29..33].copy_from_slice(&crc.to_be_bytes());
        bytes
    }

    /// PNG §D.
    fn crc32(bytes: &[u8]) -> u32 {
        !bytes.iter().fold(u32::MAX, |crc, byte| {
            (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
                if crc & 1 == 1 { 0xEDB8_8320 ^ (crc >> 1) } else { crc >> 1 }
            })
        })
    }

    #[test]
    fn a_decompression_bomb_is_refused_by_its_header() {
        for (width, height) in [(65_000, 65_000), (100_000, 400), (5_700, 5_700), (u32::MAX, 64)] {
            let before = std::time::Instant::now();
            let refused = decode(&bomb(width, height)).unwrap_err();
            assert!(matches!(refused, Unfit::Large(..) | Unfit::Broken(_)), "{width} × {height}: {refused}");
            assert!(before.elapsed().as_millis() < 500, "{width} × {height}");
        }
        assert!(matches!(decode(&bomb(30_000, 20_000)), Err(Unfit::Large(30_000, 20_000))));
    }

    #[test]
    fn what_is_no_picture_or_a_broken_one_is_told_from_one_too_small() {
        assert!(matches!(decode(b""), Err(Unfit::Format)));
        assert!(matches!(decode(b"<svg xmlns='http://www.w3.org/2000/svg'/>"), Err(Unfit::Format)));
        assert!(matches!(decode(b"<!doctype html><title>404</title>"), Err(Unfit::Format)));
        let whole = png(&DynamicImage::new_rgb8(200, 100));
        assert!(matches!(decode(&whole[..whole.len() / 2]), Err(Unfit::Broken(_))));
        assert!(matches!(decode(&png(&DynamicImage::new_rgb8(1, 1))), Err(Unfit::Small(1, 1))));
        assert_eq!(decode(&whole).unwrap().dimensions(), (200, 100));
    }

    #[test]
    fn what_is_transparent_stands_on_white() {
        let clear = DynamicImage::new_rgba8(64, 64);
        assert_eq!(decode(&png(&clear)).unwrap().get_pixel(5, 5).0, [255, 255, 255]);
    }

    #[test]
    fn a_photograph_taken_upright_stands_upright() {
        // A JPEG of 64 × 48 whose EXIF says that it is to be turned by 90° (TIFF 6.0: Orientation 6).
        let mut jpeg = Vec::new();
        let mut encoder = jpeg_encoder::Encoder::new(&mut jpeg, 80);
        let exif = b"MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
        encoder.add_exif_metadata(exif).unwrap();
        encoder.encode(&[90; 64 * 48 * 3], 64, 48, jpeg_encoder::ColorType::Rgb).unwrap();
        assert_eq!(decode(&jpeg).unwrap().dimensions(), (48, 64));
    }
}
