//! The name normaliser, as tables. Symbols were taken from a tokio 1.54 program built by rustc 1.95.

use perfkit_debuginfo::names::{self, BodyKind};

/// Symbol, readable path, closures, crate.
const FUNCTIONS: &[(&str, &str, &str, &str)] = &[
    (
        "_RNvNtCs93bIJHjirrT_5probe5store6digest",
        "probe::store::digest",
        "",
        "probe",
    ),
    (
        "_RNCNvNtCs93bIJHjirrT_5probe5store5serve0B5_",
        "probe::store::serve",
        "::{closure#0}",
        "probe",
    ),
    (
        "_RNCNCNvMNtCs93bIJHjirrT_5probe5storeINtB6_4PoolAyjc8_E7collect0s_0B8_",
        "probe::store::Pool::collect",
        "::{closure#0}::{closure#1}",
        "probe",
    ),
    (
        "_RNCNvXs0_NtCs93bIJHjirrT_5probe5storeNtB7_6MemoryNtB7_7Backend4load0B9_",
        "probe::store::Memory::load",
        "::{closure#0}",
        "probe",
    ),
    (
        "_RNvXs_NtNtCsgEmfK2I1SDS_4core6future6futureINtNtB8_3pin3PinINtNtCslNYArtu3iFV_5alloc5boxed3BoxNCNvCs93bIJHjirrT_5probe4body0EENtB4_6Future4pollB1y_",
        "core::pin::Pin::poll",
        "",
        "core",
    ),
    (
        "_RNvMs4_NtNtNtCs75oar2E8WH_5tokio7runtime4task4coreINtB5_4CoreNCNvNtCs93bIJHjirrT_5probe5store5serve0INtNtCslNYArtu3iFV_5alloc4sync3ArcNtNtNtB9_9scheduler14current_thread6HandleEE4pollB13_",
        "tokio::runtime::task::core::Core::poll",
        "",
        "tokio",
    ),
    (
        "_RNSNvYNCINvNtNtCsjrHSEGnQ3l9_3std6thread9lifecycle15spawn_uncheckedNCNvMs5_NtNtNtCs75oar2E8WH_5tokio7runtime8blocking4poolNtB1b_7Spawner12spawn_thread0uEs_0INtNtNtCsgEmfK2I1SDS_4core3ops8function6FnOnceuE9call_once6vtableB1h_",
        "core::ops::function::FnOnce::call_once",
        "::{shim:vtable#0}",
        "core",
    ),
    (
        "_ZN5probe5store10reassemble28_$u7b$$u7b$closure$u7d$$u7d$17h0123456789abcdefE",
        "probe::store::reassemble",
        "::{{closure}}",
        "probe",
    ),
    (
        "_ZN62_$LT$probe..store..Memory$u20$as$u20$probe..store..Backend$GT$4load17h0123456789abcdefE",
        "probe::store::Memory::load",
        "",
        "probe",
    ),
];

/// Demangled text and the crate that holds it.
const SPELLED: &[(&str, Option<&str>, &str)] = &[
    (
        "<alloc::vec::Vec<u8> as probe::Store>::put",
        Some("probe"),
        "probe::Store::put",
    ),
    (
        "<&mut probe::Reader<u8> as std::io::Read>::read",
        Some("probe"),
        "probe::Reader::read",
    ),
    ("<*const probe::Big>::read", Some("core"), "pointer::read"),
    ("<[u8]>::sort", Some("alloc"), "slice::sort"),
    (
        "<dyn probe::Backend>::load",
        Some("probe"),
        "probe::Backend::load",
    ),
    (
        "<(u8, probe::X) as probe::Store>::put",
        Some("probe"),
        "probe::Store::put",
    ),
    (
        "<fn() -> u8 as probe::Handler<(), u8>>::call",
        Some("probe"),
        "probe::Handler::call",
    ),
    (
        "core::ptr::drop_in_place::<core::result::Result<u64, probe::store::BigErr>>",
        None,
        "drop Result<u64, BigErr>",
    ),
    (
        "probe::outer::{closure#0}::inner::<{closure#1}>",
        None,
        "probe::outer::inner",
    ),
    (
        "probe::store::{impl#3}::collect::{async_fn#0}",
        None,
        "probe::store::collect",
    ),
];

const TYPES: &[(&str, &str)] = &[
    (
        "core::result::Result<ddsplit::SuccessCode, ddsplit::DistriErr>",
        "Result<SuccessCode, DistriErr>",
    ),
    (
        "ddsplit::store::reassemble::{async_fn_env#0}",
        "async fn store::reassemble",
    ),
    (
        "ddsplit::split::run::{async_fn#0}::{async_block_env#3}",
        "async block in split::run",
    ),
    (
        "ddsplit::split::run::{async_closure_env#0}",
        "async closure in split::run",
    ),
    (
        "ddsplit::split::run::{closure_env#1}<u8>",
        "closure in split::run",
    ),
    ("ddsplit::body::{async_fn_env#0}", "async fn body"),
    ("[u64; 200]", "[u64; 200]"),
    ("&mut [core::option::Option<probe::X>]", "&mut [Option<X>]"),
    ("(u8, probe::a::B<probe::C>)", "(u8, B<C>)"),
    (
        "alloc::sync::Arc<probe::store::Memory, alloc::alloc::Global>",
        "Arc<Memory>",
    ),
    (
        "fn(probe::A) -> core::option::Option<probe::B>",
        "fn(A) -> Option<B>",
    ),
    (
        "alloc::boxed::Box<dyn core::future::future::Future<Output = alloc::vec::Vec<u8>> + core::marker::Send>",
        "Box<dyn Future<Output = Vec<u8>> + Send>",
    ),
    ("*const probe::raw::Header", "*const Header"),
    (
        "tokio::runtime::task::core::Stage<probe::store::serve::{async_fn_env#0}>",
        "Stage<async fn store::serve>",
    ),
    ("", ""),
    ("<", "<>"),
    ("probe::A<", "A"),
    (">>>", ">>>"),
];

#[test]
fn functions_from_symbols() {
    for (symbol, path, nested, krate) in FUNCTIONS {
        let demangled = names::demangle(symbol).expect("a Rust symbol");
        let function = names::function(&demangled, names::defining_crate(symbol));
        assert_eq!(
            (&*function.path, &*function.nested, &*function.krate),
            (*path, *nested, *krate),
            "{demangled}"
        );
    }
}

#[test]
fn functions_from_text() {
    for (text, krate, path) in SPELLED {
        assert_eq!(names::function(text, *krate).path, *path, "{text}");
    }
}

#[test]
fn types() {
    for (ty, short) in TYPES {
        assert_eq!(
            names::type_name(ty, &names::Kinds::default()),
            *short,
            "{ty}"
        );
    }
}

#[test]
fn a_symbol_names_the_type_and_the_debug_name_its_kind() {
    let debug_name = "compiler_move<tokio::runtime::task::core::Stage<probe::store::{impl#0}::collect::{async_fn#0}::{async_block_env#0}<[u64; 200]>>, 1632>";
    let symbol = "tokio::runtime::task::core::Stage<<probe::store::Pool<[u64; 200]>>::collect::{closure#0}::{closure#0}>";
    assert_eq!(
        names::type_name(symbol, &names::kinds(debug_name)),
        "Stage<async block in store::Pool::collect>"
    );
    assert_eq!(
        names::type_name(symbol, &names::Kinds::default()),
        "Stage<closure in store::Pool::collect>"
    );
}

#[test]
fn bodies() {
    let rows = [
        ("{async_fn#0}", Some(BodyKind::AsyncFn)),
        ("{async_block#2}", Some(BodyKind::AsyncBlock)),
        ("{async_closure#0}<u8>", Some(BodyKind::AsyncClosure)),
        (
            "{closure#1}<probe::store::serve::{async_fn_env#0}>",
            Some(BodyKind::Closure),
        ),
        ("poll<probe::store::serve::{async_fn_env#0}>", None),
        ("", None),
    ];
    for (name, kind) in rows {
        assert_eq!(names::body_kind(name), kind, "{name}");
    }
}

#[test]
fn tasks() {
    let rows = [
        ("probe::store::serve::{closure#0}", "store::serve", false),
        (
            "probe::store::serve::{async_fn_env#0}",
            "store::serve",
            false,
        ),
        (
            "probe::body::{async_fn#0}::{async_block_env#2}",
            "body",
            false,
        ),
        (
            "tracing::instrument::Instrumented<probe::store::serve::{closure#0}>",
            "store::serve",
            false,
        ),
        (
            "tokio::runtime::blocking::task::BlockingTask<<probe::store::Pool<[u64; 200]>>::collect::{closure#0}::{closure#1}>",
            "store::Pool::collect",
            true,
        ),
        (
            "core::pin::Pin<alloc::boxed::Box<probe::body::{closure#0}>>",
            "body",
            false,
        ),
        (
            "core::pin::Pin<alloc::boxed::Box<dyn core::future::future::Future<Output = ()>>>",
            "dyn Future<Output = ()>",
            false,
        ),
        (
            "hyper::server::conn::Connection<probe::Svc>",
            "Connection<Svc>",
            false,
        ),
    ];
    for (future, name, blocking) in rows {
        assert_eq!(
            names::task_name(future, &names::Kinds::default()),
            (name.to_owned(), blocking),
            "{future}"
        );
    }
}

#[test]
fn deep_and_damaged_names_end() {
    let mut texts = vec![
        "<".repeat(5_000),
        "a<".repeat(50_000),
        "(".repeat(9_999),
        "<<as as".repeat(99),
        "{".repeat(50),
    ];
    let whole = "<probe::store::Pool<[u64; 200]> as core::ops::FnOnce<(u8,)>>::collect::{closure#0}::<'a, \"x\">";
    texts.extend(whole.char_indices().map(|(at, _)| whole[..at].to_owned()));
    texts.extend(whole.char_indices().map(|(at, _)| whole[at..].to_owned()));
    for text in texts {
        let kinds = names::kinds(&text);
        let _ = (
            names::function(&text, None),
            names::type_name(&text, &kinds),
            names::task_name(&text, &kinds),
        );
        let _ = (
            names::arguments(&text),
            names::defining_crate(&text),
            names::body_kind(&text),
        );
    }
}
