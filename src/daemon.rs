//! The loops of a serving node, and how they stop.
