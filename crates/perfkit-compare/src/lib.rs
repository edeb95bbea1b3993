//! Compares two runs of cargo perfkit and judges the difference.
