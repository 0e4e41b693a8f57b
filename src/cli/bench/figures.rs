//! Medians and percentiles of a handful of measurements.

/// The value that half of the others are below; the lower one of two. NaN of none.
pub(super) fn median(values: &[f64]) -> f64 {
    percentile(values, 0.5)
}

/// The smallest value that at least this share of all does not exceed (nearest rank). NaN of none.
pub(super) fn percentile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few hundred at most")]
    #[expect(clippy::cast_precision_loss, reason = "a few hundred at most")]
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.max(1) - 1).copied().unwrap_or(f64::NAN)
}

/// Lowest, middle and highest of them with so many decimals: `18.2 (17.9–19.0)`.
pub(super) fn spread(values: &[f64], decimals: usize) -> String {
    let at = |share| percentile(values, share);
    format!("{:.decimals$} ({:.decimals$}–{:.decimals$})", at(0.5), at(0.0), at(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_one_of_the_values() {
        let values = [5.0, 1.0, 4.0, 2.0, 3.0];
        for (share, value) in [(0.0, 1.0), (0.2, 1.0), (0.21, 2.0), (0.5, 3.0), (0.99, 5.0), (1.0, 5.0)] {
            assert!((percentile(&values, share) - value).abs() < f64::EPSILON, "{share}");
        }
        assert!((median(&[1.0, 2.0]) - 1.0).abs() < f64::EPSILON && median(&[]).is_nan());
        assert_eq!(spread(&values, 1), "3.0 (1.0–5.0)");
    }
}
