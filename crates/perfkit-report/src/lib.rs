//! Renders runs and comparisons of cargo perfkit as terminal text, JSON, flamegraphs and HTML.
