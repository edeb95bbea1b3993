//! What a measurement asks of the operating system and std has no safe call for.

use std::io;
use std::time::Duration;

/// CPU time that the whole process has used, in user and kernel mode, from `CLOCK_PROCESS_CPUTIME_ID`.
///
/// Waiting and sleeping are not in it. `None` where there is no such clock.
pub fn process_cpu_time() -> Option<Duration> {
    #[cfg(unix)]
    {
        let mut time = libc::timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        // SAFETY: the pointer is to a live value.
        let result = unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &raw mut time) };
        (result == 0).then(|| Duration::new(time.tv_sec as u64, time.tv_nsec as u32))
    }
    #[cfg(not(unix))]
    None
}

/// What the kernel has counted for this process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ResourceUsage {
    /// Page faults served without I/O.
    pub minor_faults: u64,
    /// Page faults that needed I/O.
    pub major_faults: u64,
    /// Context switches because the process waited.
    pub voluntary_switches: u64,
    /// Context switches because its time was up.
    pub involuntary_switches: u64,
    /// Highest resident set size since the process started, in bytes.
    pub peak_resident_bytes: u64,
    /// CPU time in user mode.
    pub user_time: Duration,
    /// CPU time in kernel mode.
    pub system_time: Duration,
}

/// Resources used by this process so far, from `getrusage`; `None` where there is no such call.
pub fn resource_usage() -> Option<ResourceUsage> {
    #[cfg(unix)]
    {
        // SAFETY: the structure is plain data, filled by the call.
        let (usage, result) = unsafe {
            let mut usage: libc::rusage = std::mem::zeroed();
            let result = libc::getrusage(libc::RUSAGE_SELF, &raw mut usage);
            (usage, result)
        };
        let time =
            |time: libc::timeval| Duration::new(time.tv_sec as u64, time.tv_usec as u32 * 1000);
        // Linux counts kibibytes, macOS bytes.
        let unit = if cfg!(target_vendor = "apple") {
            1
        } else {
            1024
        };
        (result == 0).then(|| ResourceUsage {
            minor_faults: usage.ru_minflt as u64,
            major_faults: usage.ru_majflt as u64,
            voluntary_switches: usage.ru_nvcsw as u64,
            involuntary_switches: usage.ru_nivcsw as u64,
            peak_resident_bytes: usage.ru_maxrss as u64 * unit,
            user_time: time(usage.ru_utime),
            system_time: time(usage.ru_stime),
        })
    }
    #[cfg(not(unix))]
    None
}

/// Restricts this process to the first `count` of the CPUs it may run on, and returns their numbers. Threads started
/// later inherit it, and `available_parallelism` follows it.
pub fn pin_to_cpus(count: usize) -> io::Result<Vec<usize>> {
    #[cfg(all(target_os = "linux", not(miri)))]
    {
        // SAFETY: the sets are plain data of the size that is passed, and the numbers are below their capacity.
        unsafe {
            let size = size_of::<libc::cpu_set_t>();
            let mut allowed: libc::cpu_set_t = std::mem::zeroed();
            check(libc::sched_getaffinity(0, size, &raw mut allowed))?;
            let chosen: Vec<usize> = (0..libc::CPU_SETSIZE as usize)
                .filter(|cpu| libc::CPU_ISSET(*cpu, &allowed))
                .take(count)
                .collect();
            let mut set: libc::cpu_set_t = std::mem::zeroed();
            for cpu in &chosen {
                libc::CPU_SET(*cpu, &mut set);
            }
            check(libc::sched_setaffinity(0, size, &raw const set))?;
            Ok(chosen)
        }
    }
    #[cfg(not(all(target_os = "linux", not(miri))))]
    {
        let _ = count;
        Err(io::ErrorKind::Unsupported.into())
    }
}

/// Whether this process was started with a fixed address layout; `None` where that cannot be asked.
pub fn layout_is_fixed() -> Option<bool> {
    #[cfg(all(target_os = "linux", not(miri)))]
    {
        // SAFETY: this value only asks.
        let persona = unsafe { libc::personality(0xffff_ffff) };
        (persona != -1).then_some(persona & libc::ADDR_NO_RANDOMIZE != 0)
    }
    #[cfg(not(all(target_os = "linux", not(miri))))]
    None
}

/// Gives every program that this process executes from now on a fixed address layout. Fails where the system does
/// not allow it, as many containers do.
pub fn fix_layout_for_exec() -> io::Result<()> {
    #[cfg(all(target_os = "linux", not(miri)))]
    {
        // SAFETY: changes how later programs are loaded, nothing in this one.
        unsafe {
            let persona = libc::personality(0xffff_ffff);
            check(persona)?;
            check(libc::personality(
                (persona | libc::ADDR_NO_RANDOMIZE) as libc::c_ulong,
            ))?;
        }
        Ok(())
    }
    #[cfg(not(all(target_os = "linux", not(miri))))]
    Err(io::ErrorKind::Unsupported.into())
}

/// Makes sure that this program runs with a fixed address layout: returns when it does, and otherwise starts it over
/// with the same arguments, in the same process. Call it first in `main`.
///
/// Returns an error when the system does not allow it, or pretended to and did not do it; the program can go on. Under
/// valgrind, which has a layout of its own that does not vary, it returns at once: starting over would leave valgrind.
pub fn restart_with_fixed_layout() -> io::Result<()> {
    #[cfg(all(target_os = "linux", not(miri)))]
    {
        use std::os::unix::process::CommandExt;
        const RESTARTED: &str = "PERFKIT_RESTARTED";
        if layout_is_fixed() == Some(true) || crate::callgrind::is_under_valgrind() {
            return Ok(());
        }
        if std::env::var_os(RESTARTED).is_some() {
            return Err(io::Error::other(
                "the address layout is random although a fixed one was granted",
            ));
        }
        fix_layout_for_exec()?;
        let mut arguments = std::env::args_os();
        let mut command = std::process::Command::new(std::env::current_exe()?);
        if let Some(name) = arguments.next() {
            command.arg0(name);
        }
        Err(command.args(arguments).env(RESTARTED, "1").exec())
    }
    #[cfg(not(all(target_os = "linux", not(miri))))]
    Err(io::ErrorKind::Unsupported.into())
}

/// Sends `SIGPROF` to the calling thread. A sampling profiler takes one sample, which makes it set up what it would
/// otherwise set up inside the measured region. Without a handler for it the signal ends the process.
pub fn raise_sigprof() -> io::Result<()> {
    #[cfg(unix)]
    {
        // SAFETY: raising a signal is always allowed; the handler is the profiler's.
        check(unsafe { libc::raise(libc::SIGPROF) })?;
        Ok(())
    }
    #[cfg(not(unix))]
    Err(io::ErrorKind::Unsupported.into())
}

/// Ends this process when its parent ends, so that an interrupted command leaves no measurement running behind.
pub fn end_with_parent() -> io::Result<()> {
    #[cfg(all(target_os = "linux", not(miri)))]
    {
        // SAFETY: sets an attribute of this process.
        check(unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) })?;
        Ok(())
    }
    #[cfg(not(all(target_os = "linux", not(miri))))]
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(unix)]
fn check(result: libc::c_int) -> io::Result<libc::c_int> {
    if result == -1 {
        Err(io::Error::last_os_error())
    } else {
        Ok(result)
    }
}
