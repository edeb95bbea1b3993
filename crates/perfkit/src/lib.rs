//! Declare async workloads that cargo perfkit measures, explains and judges.
