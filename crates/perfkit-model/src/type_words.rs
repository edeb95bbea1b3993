//! The words in a type's name that somebody chose.

use std::collections::BTreeSet;

/// Types that hold others and are never what somebody meant: the standard library's, and those of executors.
const HOLDERS: [&str; 30] = [
    "Arc",
    "BTreeMap",
    "Box",
    "Cell",
    "Cow",
    "Err",
    "HashMap",
    "JoinError",
    "JoinHandle",
    "ManuallyDrop",
    "MaybeUninit",
    "Mutex",
    "MutexGuard",
    "None",
    "Ok",
    "Option",
    "Pin",
    "Poll",
    "Rc",
    "Ready",
    "RefCell",
    "Result",
    "RwLock",
    "Self",
    "Some",
    "Stage",
    "String",
    "UnsafeCell",
    "Vec",
    "VecDeque",
];

/// Names of types within a type's name, without those that only hold others: `Poll<Result<u64, store::Error>>` has
/// `Error`.
///
/// Types begin with a capital letter by convention; modules, functions and primitive types do not, and a single
/// letter is a parameter.
#[must_use]
pub fn type_words(ty: &str) -> BTreeSet<&str> {
    ty.split(|letter: char| !letter.is_alphanumeric() && letter != '_')
        .filter(|word| {
            word.starts_with(char::is_uppercase) && word.len() > 1 && !HOLDERS.contains(word)
        })
        .collect()
}
