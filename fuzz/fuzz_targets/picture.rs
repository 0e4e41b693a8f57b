//! Pictures of articles, from whatever site they come: decoding one ends within its limits, and what is made of it is within
//! its size and its bytes, and can be decoded again.
#![no_main]

use kiosque::images::{Size, make};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(made) = make(bytes, Size::OF_AN_ARTICLE) else { return };
    assert!(!made.is_empty(), "nothing to show is an error");
    for one in made {
        let (width, height) = one.pixels;
        assert!(
            (one.size.least()..=one.size.width()).contains(&width) && height > 0,
            "{}: {width} × {height}",
            one.size
        );
        assert!(
            (1..=one.size.budget()).contains(&one.bytes.len()),
            "{}: {} bytes",
            one.size,
            one.bytes.len()
        );
        let ours: &[u8] = if one.size.is_jpeg() { b"\xff\xd8\xff" } else { b"RIFF" };
        assert!(one.bytes.starts_with(ours), "{}", one.size);
    }
});
