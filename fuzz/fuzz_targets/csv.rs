//! Lists of readers: whatever a file holds, reading it ends, and every line is somebody's or rejected.
#![no_main]

use kiosque::subscribers::{System, read_list};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    for system in System::ALL {
        if let Ok((lines, rejected)) = read_list("unsubscribed.csv", bytes, Some(*system)) {
            assert!(rejected <= lines);
            assert_eq!(read_list("unsubscribed.csv", bytes, Some(*system)).ok(), Some((lines, rejected)), "reading is pure");
        }
        let _ = read_list("liste.csv", bytes, Some(*system));
    }
});
