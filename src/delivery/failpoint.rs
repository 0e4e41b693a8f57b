//! Places where a test makes the program fall, as a power cut would.
//!
//! `KIOSQUE_FAILPOINT=after_dot:5` aborts a build with debug assertions when it comes to that place for the fifth time.
//! A release build knows none of this.

/// Where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Point {
    /// A chunk of readers has its rows, which are not committed.
    MidFanOut,
    /// A row was put in doubt, its body not begun.
    AfterInDoubt,
    /// The body is written, the dot is not.
    BeforeDot,
    /// The dot is written, the reply not read.
    AfterDot,
    /// The relay has the message, the row does not say so.
    After250,
}

#[cfg(debug_assertions)]
mod armed {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicI64, Ordering};

    use super::Point;

    struct Armed {
        point: Point,
        passes: AtomicI64,
    }

    /// What the environment asks for.
    fn armed() -> Option<&'static Armed> {
        static ARMED: OnceLock<Option<Armed>> = OnceLock::new();
        let read = || {
            let told = std::env::var("KIOSQUE_FAILPOINT").ok()?;
            let (name, passes) = told.split_once(':')?;
            let point = match name {
                "mid_fan_out" => Point::MidFanOut,
                "after_in_doubt" => Point::AfterInDoubt,
                "before_dot" => Point::BeforeDot,
                "after_dot" => Point::AfterDot,
                "after_250" => Point::After250,
                _ => return None,
            };
            Some(Armed { point, passes: AtomicI64::new(passes.parse().ok()?) })
        };
        ARMED.get_or_init(read).as_ref()
    }

    /// Counts a pass; true when it is the one to fall at.
    pub(super) fn is_next(point: Point) -> bool {
        armed().is_some_and(|armed| armed.point == point && armed.passes.fetch_sub(1, Ordering::SeqCst) == 1)
    }
}

/// Falls here, if a test asks for it.
pub(super) fn reach(point: Point) {
    if is_next(point) {
        fall(point);
    }
}

/// Counts a pass, and tells whether it is the one to [`fall`] at.
#[cfg(debug_assertions)]
pub(super) fn is_next(point: Point) -> bool {
    armed::is_next(point)
}

/// Never, in a release build.
#[cfg(not(debug_assertions))]
pub(super) fn is_next(_: Point) -> bool {
    false
}

/// Ends the program at once; nothing is flushed, nobody is told.
pub(super) fn fall(point: Point) -> ! {
    tracing::error!(?point, "falling, as the test asked");
    std::process::abort();
}
