//! Which category code belongs to: tables of rows, the first row that matches decides.
//!
//! To teach perfkit another executor, lock or allocator, add a row here and nowhere else.

use perfkit_model::category::Category;

use crate::code::Code;
use crate::files::Origin;
use crate::workspace::WorkspaceCrates;

/// What the fold needs to know of a frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Class {
    /// The layer the code belongs to.
    pub layer: Layer,
    /// Whether the frame only forwards a call and is worth a line in no report.
    pub plumbing: bool,
}

/// The layers of an async program, as the fold treats them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Layer {
    /// The user's crates and their dependencies: always shown.
    User(Category),
    /// Executor and synchronisation: shown where the user's code ends in it, not where it only leads to it.
    Infrastructure(Category),
    /// The standard library, and the C library's named functions: what they cost belongs to their caller.
    Std,
    /// Allocator, memcpy and kernel: one leaf.
    System(Category),
    /// Measuring itself.
    Perfkit,
    /// Code of a library without a name.
    Nameless,
}

/// Crates of the standard library.
const STD_CRATES: [&str; 10] = [
    "core",
    "alloc",
    "std",
    "proc_macro",
    "test",
    "panic_unwind",
    "panic_abort",
    "unwind",
    "compiler_builtins",
    "std_detect",
];

/// Path prefixes, matched at `::`, in order. A crate is the shortest prefix.
static PATHS: &[(&str, Category)] = &[
    // What a static program copies with: its libc's own `memmove` is this one.
    ("perfkit_hooks::interpose_copies::real", Category::Memcpy),
    ("perfkit", Category::Perfkit),
    ("perfkit_hooks", Category::Perfkit),
    // What the profiler runs inside the measured process.
    ("pprof", Category::Perfkit),
    ("framehop", Category::Perfkit),
    ("dhat", Category::Perfkit),
    ("std::sync", Category::Sync),
    ("std::sys::sync", Category::Sync),
    ("std::sys::pal::unix::futex", Category::Sync),
    ("std::sys::futex", Category::Sync),
    ("std::thread::park", Category::Sync),
    ("tokio::sync", Category::Sync),
    ("tokio_util::sync", Category::Sync),
    ("futures_channel", Category::Sync),
    ("futures_util::lock", Category::Sync),
    ("parking_lot", Category::Sync),
    ("parking_lot_core", Category::Sync),
    ("lock_api", Category::Sync),
    ("crossbeam", Category::Sync),
    ("crossbeam_channel", Category::Sync),
    ("crossbeam_deque", Category::Sync),
    ("crossbeam_epoch", Category::Sync),
    ("crossbeam_queue", Category::Sync),
    ("crossbeam_utils", Category::Sync),
    ("async_channel", Category::Sync),
    ("async_lock", Category::Sync),
    ("concurrent_queue", Category::Sync),
    ("event_listener", Category::Sync),
    ("flume", Category::Sync),
    ("kanal", Category::Sync),
    ("spin", Category::Sync),
    ("tokio", Category::Runtime),
    ("mio", Category::Runtime),
    ("async_std", Category::Runtime),
    ("async_executor", Category::Runtime),
    ("async_global_executor", Category::Runtime),
    ("async_io", Category::Runtime),
    ("async_task", Category::Runtime),
    ("blocking", Category::Runtime),
    ("futures_executor", Category::Runtime),
    ("polling", Category::Runtime),
    ("smol", Category::Runtime),
    ("mimalloc", Category::Allocator),
    ("libmimalloc_sys", Category::Allocator),
    ("tikv_jemallocator", Category::Allocator),
    ("tikv_jemalloc_sys", Category::Allocator),
    ("jemallocator", Category::Allocator),
    ("snmalloc_rs", Category::Allocator),
    ("dlmalloc", Category::Allocator),
    ("compiler_builtins::mem", Category::Memcpy),
    ("aws_lc_rs", Category::Tls),
    ("aws_lc_sys", Category::Tls),
    ("boring", Category::Tls),
    ("boring_sys", Category::Tls),
    ("hyper_rustls", Category::Tls),
    ("libcrypto", Category::Tls),
    ("libgnutls", Category::Tls),
    ("libssl", Category::Tls),
    ("native_tls", Category::Tls),
    ("openssl", Category::Tls),
    ("openssl_sys", Category::Tls),
    ("ring", Category::Tls),
    ("rustls", Category::Tls),
    ("rustls_native_certs", Category::Tls),
    ("rustls_pki_types", Category::Tls),
    ("rustls_platform_verifier", Category::Tls),
    ("s2n_tls", Category::Tls),
    ("tokio_native_tls", Category::Tls),
    ("tokio_openssl", Category::Tls),
    ("tokio_rustls", Category::Tls),
    ("webpki", Category::Tls),
];

/// Frames that only forward a call, or that nobody would call a step of its own: what a person wrote is the
/// caller's line.
const PLUMBING: &[&str] = &[
    "alloc::alloc",
    "alloc::boxed",
    "alloc::raw_vec",
    "core::alloc",
    "core::any",
    "core::array",
    "core::borrow",
    "core::cell",
    "core::clone",
    "core::cmp",
    "core::convert",
    "core::default",
    "core::future",
    "core::hint",
    "core::intrinsics",
    "core::iter",
    "core::mem",
    "core::num",
    "core::ops",
    "core::option",
    "core::panic",
    "core::pin",
    "core::profiling",
    "core::ptr",
    "core::result",
    "core::slice::index",
    "core::slice::iter",
    "core::sync",
    "core::task",
    "core_arch",
    "futures_core",
    "pin_project",
    "pin_project_lite",
    "std::alloc",
    "std::panic",
    "std::panicking",
    "std::rt",
    "std::sys::alloc",
    "std::sys::backtrace",
    "std::sys::thread",
    "std::sys::pal",
    "std::thread",
    "tracing::instrument",
];

/// Types whose methods come without a module: arithmetic and pointers are no steps of their own either.
const PRIMITIVES: [&str; 19] = [
    "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64", "i128", "isize", "f32",
    "f64", "bool", "char", "pointer", "tuple", "fn",
];

/// Functions of C libraries and compiler shims by how their name starts, and the name to show; empty keeps it.
/// A trailing `$` asks for the whole name.
static SYMBOLS: &[(&str, Category, &str)] = &[
    ("__memmove_chk$", Category::Memcpy, "memmove"),
    ("__memmove_", Category::Memcpy, "memmove"),
    ("memmove", Category::Memcpy, "memmove"),
    ("__memcpy_", Category::Memcpy, "memcpy"),
    ("memcpy", Category::Memcpy, "memcpy"),
    ("__mempcpy", Category::Memcpy, "memcpy"),
    ("mempcpy$", Category::Memcpy, "memcpy"),
    ("__memset_", Category::Memcpy, "memset"),
    ("memset", Category::Memcpy, "memset"),
    ("__bzero", Category::Memcpy, "memset"),
    ("bzero$", Category::Memcpy, "memset"),
    ("explicit_bzero$", Category::Memcpy, "memset"),
    ("__memcmp", Category::Memcpy, "memcmp"),
    ("memcmp", Category::Memcpy, "memcmp"),
    ("bcmp$", Category::Memcpy, "memcmp"),
    ("malloc$", Category::Allocator, ""),
    ("malloc_", Category::Allocator, ""),
    ("free$", Category::Allocator, ""),
    ("cfree$", Category::Allocator, "free"),
    ("calloc$", Category::Allocator, ""),
    ("realloc$", Category::Allocator, ""),
    ("reallocarray$", Category::Allocator, ""),
    ("posix_memalign$", Category::Allocator, ""),
    ("aligned_alloc$", Category::Allocator, ""),
    ("memalign$", Category::Allocator, ""),
    ("__libc_malloc", Category::Allocator, "malloc"),
    ("__libc_free", Category::Allocator, "free"),
    ("__libc_calloc", Category::Allocator, "calloc"),
    ("__libc_realloc", Category::Allocator, "realloc"),
    ("__libc_memalign", Category::Allocator, "memalign"),
    ("_int_malloc", Category::Allocator, ""),
    ("_int_free", Category::Allocator, ""),
    ("_int_realloc", Category::Allocator, ""),
    ("_int_memalign", Category::Allocator, ""),
    ("_mid_memalign", Category::Allocator, ""),
    ("sysmalloc", Category::Allocator, ""),
    ("systrim", Category::Allocator, ""),
    ("unlink_chunk", Category::Allocator, ""),
    ("tcache_", Category::Allocator, ""),
    ("mi_", Category::Allocator, ""),
    ("_mi_", Category::Allocator, ""),
    ("je_", Category::Allocator, ""),
    ("_rjem_", Category::Allocator, ""),
    ("_rjem_je_", Category::Allocator, ""),
    ("__rust_alloc", Category::Allocator, ""),
    ("__rust_no_alloc_shim", Category::Allocator, ""),
    ("__rust_dealloc$", Category::Allocator, ""),
    ("__rust_realloc$", Category::Allocator, ""),
    ("__rdl_", Category::Allocator, ""),
    ("__rg_", Category::Allocator, ""),
    ("pthread_mutex_", Category::Sync, ""),
    ("pthread_rwlock_", Category::Sync, ""),
    ("pthread_cond_", Category::Sync, ""),
    ("pthread_spin_", Category::Sync, ""),
    ("__pthread_mutex_", Category::Sync, ""),
    ("___pthread_mutex_", Category::Sync, ""),
    ("__lll_lock_", Category::Sync, ""),
    ("sem_", Category::Sync, ""),
    ("futex", Category::Sync, ""),
    // Assembly and C of ring and of AWS-LC carry their versions.
    ("ring_core_", Category::Tls, ""),
    ("aws_lc_", Category::Tls, ""),
];

/// C start-up code that an executable carries without debug info.
const C_START: [&str; 8] = [
    "main",
    "_start",
    "__libc_start_main",
    "__libc_start_call_main",
    "start_thread",
    "clone",
    "clone3",
    "thread_start",
];

/// The class of a frame.
#[must_use]
pub fn classify(code: &Code, workspace: &WorkspaceCrates) -> Class {
    let c_start = code.krate.is_empty() && C_START.contains(&code.path.as_str());
    let primitive = code.krate == "core" && PRIMITIVES.iter().any(|row| within(&code.path, row));
    let plumbing = c_start || primitive || PLUMBING.iter().any(|row| within(&code.path, row));
    Class {
        layer: layer(code, workspace),
        plumbing,
    }
}

fn layer(code: &Code, workspace: &WorkspaceCrates) -> Layer {
    if code.path.is_empty() {
        return Layer::Nameless;
    }
    let symbol = code.path.as_str();
    if !symbol.contains("::")
        && let Some((_, category, _)) = symbol_row(symbol)
    {
        return match category {
            Category::Sync => Layer::Infrastructure(Category::Sync),
            Category::Tls => Layer::User(Category::Tls),
            category => Layer::System(category.clone()),
        };
    }
    let row = PATHS
        .iter()
        .find(|(row, _)| within(&code.path, row) || code.krate == *row);
    // A workspace may develop a crate that a row knows (tokio itself): then it is the user's code.
    let member = workspace.members.contains(&code.krate);
    match row.map(|(_, category)| category) {
        Some(Category::Perfkit) => return Layer::Perfkit,
        Some(category @ (Category::Allocator | Category::Memcpy)) => {
            return Layer::System(category.clone());
        }
        Some(Category::Tls) if !member => return Layer::User(Category::Tls),
        Some(category) if !member => return Layer::Infrastructure(category.clone()),
        _ => {}
    }
    if member {
        return Layer::User(Category::App);
    }
    let std =
        STD_CRATES.contains(&code.krate.as_str()) && !workspace.dependencies.contains(&code.krate);
    if std
        || code.origin == Origin::Std
        || code.c_library
        || (code.krate.is_empty() && C_START.contains(&symbol))
    {
        return Layer::Std;
    }
    match code.origin {
        Origin::Workspace => Layer::User(Category::App),
        _ if code.krate.is_empty() => Layer::User(Category::Unknown),
        _ => Layer::User(Category::Dependency(code.krate.clone())),
    }
}

/// The name a symbol of a C library is shown under: `memmove` for `__memmove_avx_unaligned_erms`.
#[must_use]
pub fn canonical(symbol: &str) -> String {
    let symbol = symbol.split('@').next().unwrap_or(symbol);
    match symbol_row(symbol) {
        Some((_, _, shown)) if !shown.is_empty() => (*shown).to_owned(),
        _ => symbol.to_owned(),
    }
}

fn symbol_row(symbol: &str) -> Option<&'static (&'static str, Category, &'static str)> {
    SYMBOLS
        .iter()
        .find(|(row, ..)| match row.strip_suffix('$') {
            Some(whole) => symbol == whole,
            None => symbol.starts_with(row),
        })
}

fn within(path: &str, row: &str) -> bool {
    path.strip_prefix(row)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}
