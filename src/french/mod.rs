//! French as it is printed: dates, numbers, typography, slugs.
