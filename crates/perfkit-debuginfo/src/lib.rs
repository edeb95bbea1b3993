//! Reads debug info for cargo perfkit: addresses to logical async stacks, categories and moved types.
