//! The data of cargo perfkit: runs, metrics, lenses, stacks, baselines, findings and verdicts.
