//! What is loaded where, so that addresses of one process mean something in another.

use std::path::PathBuf;

/// A loaded object file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Module {
    /// Its file, or `[vdso]` for the code that the kernel maps into every process.
    pub path: PathBuf,
    /// The build id the linker gave it, in lower-case hexadecimal.
    pub build_id: Option<String>,
    /// What has been added to the addresses in the file: `address - bias` is an address as the file's debug
    /// information has it.
    pub bias: usize,
    /// Lowest address of its segments.
    pub start: usize,
    /// Address after its segments.
    pub end: usize,
}

/// All loaded object files. Empty where there is no way to list them (anything but Linux).
pub fn modules() -> Vec<Module> {
    #[cfg(all(target_os = "linux", not(miri)))]
    return linux::modules();
    #[cfg(not(all(target_os = "linux", not(miri))))]
    Vec::new()
}

/// Functions of libc and their addresses in this process, in the variants that libc chose for this processor.
///
/// libc's symbol table does not name those variants, so that without this list a sample in one of them would have no
/// name. Empty where they cannot be looked up.
pub fn known_functions() -> Vec<(&'static str, usize)> {
    #[cfg(all(target_os = "linux", not(target_feature = "crt-static"), not(miri)))]
    return linux::known_functions();
    #[cfg(not(all(target_os = "linux", not(target_feature = "crt-static"), not(miri))))]
    Vec::new()
}

#[cfg(all(target_os = "linux", not(miri)))]
mod linux {
    use std::ffi::{CStr, OsStr, c_int, c_void};
    use std::os::unix::ffi::OsStrExt;
    use std::path::PathBuf;

    use libc::{PT_LOAD, PT_NOTE, dl_phdr_info};

    use super::Module;

    pub(super) fn modules() -> Vec<Module> {
        let mut modules: Vec<Module> = Vec::new();
        // SAFETY: the callback gets the pointer to the vector, which outlives the call.
        unsafe { libc::dl_iterate_phdr(Some(visit), (&raw mut modules).cast()) };
        modules
    }

    unsafe extern "C" fn visit(
        info: *mut dl_phdr_info,
        _size: usize,
        modules: *mut c_void,
    ) -> c_int {
        // SAFETY: the loader passes a valid description, and `modules` what it was given above.
        let (info, modules) = unsafe { (&*info, &mut *modules.cast::<Vec<Module>>()) };
        let bias = info.dlpi_addr as usize;
        // SAFETY: the program headers are an array of this length.
        let headers =
            unsafe { std::slice::from_raw_parts(info.dlpi_phdr, usize::from(info.dlpi_phnum)) };
        let segment = |header: &libc::Elf64_Phdr| {
            let start = bias.wrapping_add(header.p_vaddr as usize);
            (start, start.wrapping_add(header.p_memsz as usize))
        };
        let loaded = headers
            .iter()
            .filter(|header| header.p_type == PT_LOAD)
            .map(segment);
        let Some((start, end)) =
            loaded.reduce(|one, other| (one.0.min(other.0), one.1.max(other.1)))
        else {
            return 0;
        };
        let build_id = headers
            .iter()
            .filter(|header| header.p_type == PT_NOTE)
            .find_map(|header| {
                let (start, end) = segment(header);
                // SAFETY: notes are in a loaded segment of this length.
                build_id(
                    unsafe { std::slice::from_raw_parts(start as *const u8, end - start) },
                    header.p_align as usize,
                )
            });
        let name = if info.dlpi_name.is_null() {
            c""
        } else {
            // SAFETY: the name is a C string that lives as long as the object is loaded.
            unsafe { CStr::from_ptr(info.dlpi_name) }
        };
        // SAFETY: has no preconditions.
        let vdso = unsafe { libc::getauxval(libc::AT_SYSINFO_EHDR) } as usize;
        let path = if vdso != 0 && (start..end).contains(&vdso) {
            PathBuf::from("[vdso]")
        } else if name.is_empty() || name == c"/proc/self/exe" {
            // The program, to which glibc gives no name and musl this one.
            std::env::current_exe().unwrap_or_default()
        } else {
            PathBuf::from(OsStr::from_bytes(name.to_bytes()))
        };
        modules.push(Module {
            path,
            build_id,
            bias,
            start,
            end,
        });
        0
    }

    /// The `NT_GNU_BUILD_ID` among the notes of one segment.
    fn build_id(mut notes: &[u8], alignment: usize) -> Option<String> {
        const BUILD_ID: u32 = 3;
        let padded = |size: usize| size.next_multiple_of(if alignment == 8 { 8 } else { 4 });
        loop {
            let (header, rest) = notes.split_at_checked(12)?;
            let word = |at: usize| {
                u32::from_ne_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]])
            };
            let (name_size, size, kind) = (word(0) as usize, word(4) as usize, word(8));
            // The description starts at an aligned offset from the header, not from the end of the name.
            let start = padded(12 + name_size) - 12;
            let description = rest.get(start..start.checked_add(size)?)?;
            if kind == BUILD_ID && rest.get(..name_size)? == b"GNU\0" {
                return Some(
                    description
                        .iter()
                        .map(|byte| format!("{byte:02x}"))
                        .collect(),
                );
            }
            notes = rest.get(padded(12 + start + size) - 12..)?;
        }
    }

    #[cfg(not(target_feature = "crt-static"))]
    pub(super) fn known_functions() -> Vec<(&'static str, usize)> {
        const NAMES: [&CStr; 34] = [
            c"memcpy",
            c"memmove",
            c"memset",
            c"memcmp",
            c"bcmp",
            c"memchr",
            c"memrchr",
            c"rawmemchr",
            c"memmem",
            c"strlen",
            c"strnlen",
            c"strcmp",
            c"strncmp",
            c"strchr",
            c"strrchr",
            c"strstr",
            c"strcpy",
            c"strncpy",
            c"malloc",
            c"calloc",
            c"realloc",
            c"free",
            c"posix_memalign",
            c"aligned_alloc",
            c"malloc_trim",
            c"malloc_usable_size",
            c"clock_gettime",
            c"gettimeofday",
            c"pthread_mutex_lock",
            c"pthread_mutex_unlock",
            c"sched_yield",
            c"write",
            c"read",
            c"syscall",
        ];
        NAMES
            .iter()
            .filter_map(|name| {
                // Next after the program, since it defines some of them itself.
                // SAFETY: the name is a C string.
                let address = unsafe { libc::dlsym(libc::RTLD_NEXT, name.as_ptr()) };
                Some((name.to_str().ok()?, address as usize)).filter(|_| !address.is_null())
            })
            .collect()
    }
}
