//! What the bench target does under plain `cargo bench`, without the command.

#[cfg(feature = "criterion")]
pub(crate) use with_criterion::run;
#[cfg(not(feature = "criterion"))]
pub(crate) use without::run;

#[cfg(not(feature = "criterion"))]
mod without {
    use std::process::ExitCode;

    use crate::bench::Bench;
    use crate::start::Origin;

    /// Says how these workloads are run. Not an error: `cargo bench` and `cargo test --benches` of a whole
    /// workspace go through every target.
    #[expect(
        clippy::print_stderr,
        reason = "this is the whole output of the program"
    )]
    pub(crate) fn run(bench: &Bench, origin: &Origin) -> ExitCode {
        eprintln!(
            "{}: {} workloads of cargo perfkit, not run\n\
             hint: `cargo perfkit run` measures them; `cargo bench --features perfkit/criterion` runs them under criterion",
            origin.target,
            bench.declared.len()
        );
        ExitCode::SUCCESS
    }
}

#[cfg(feature = "criterion")]
mod with_criterion {
    use std::cell::RefCell;
    use std::process::ExitCode;
    use std::time::{Duration, Instant};

    use criterion::{BenchmarkId, Criterion, Throughput};
    use perfkit_model::part::{Declaration, Part};

    use crate::bench::{Bench, Declared};
    use crate::case::{Case, Units};
    use crate::drive::Failure;
    use crate::passes::Meter;
    use crate::start::Origin;

    /// Runs every workload, argument, runtime and variant as a criterion benchmark.
    pub(crate) fn run(bench: &Bench, _: &Origin) -> ExitCode {
        let mut criterion = Criterion::default().configure_from_args();
        let failure = RefCell::new(None);
        for declared in &bench.declared {
            let mut group = criterion.benchmark_group(&declared.declaration.name);
            for case in cases(&declared.declaration) {
                let mut units = None;
                group.bench_function(BenchmarkId::from_parameter(label(&case)), |bencher| {
                    bencher.iter_custom(|iterations| match time(declared, &case, iterations) {
                        Ok((elapsed, done)) => {
                            units = Some(done);
                            elapsed
                        }
                        Err(error) => {
                            failure.borrow_mut().get_or_insert(error);
                            // Criterion divides by it.
                            Duration::from_nanos(1)
                        }
                    });
                });
                if let Some(Units { items, .. }) = units.filter(|units| units.items > 0) {
                    group.throughput(Throughput::Elements(items));
                }
            }
            group.finish();
        }
        criterion.final_summary();
        conclude(failure.into_inner())
    }

    #[expect(
        clippy::print_stderr,
        reason = "criterion has no way to fail a benchmark"
    )]
    fn conclude(failure: Option<Failure>) -> ExitCode {
        match failure {
            None => ExitCode::SUCCESS,
            Some(failure) => {
                eprintln!("perfkit: {failure}");
                ExitCode::FAILURE
            }
        }
    }

    fn cases(declaration: &Declaration) -> Vec<Case> {
        let args: Vec<_> = declaration.args.iter().copied().map(Some).collect();
        let args = if args.is_empty() { vec![None] } else { args };
        let variants: Vec<_> = declaration.variants.iter().cloned().map(Some).collect();
        let variants = if variants.is_empty() {
            vec![None]
        } else {
            variants
        };
        let runtimes = declaration
            .runtimes
            .iter()
            .filter_map(|runtime| runtime.parse().ok());
        runtimes
            .flat_map(|runtime| args.iter().map(move |arg| (runtime, *arg)))
            .flat_map(|(runtime, arg)| {
                variants
                    .iter()
                    .map(move |variant| (runtime, arg, variant.clone()))
            })
            .map(|(runtime, arg, variant)| Case {
                variant,
                arg,
                runtime,
                seed: declaration.seed,
            })
            .collect()
    }

    fn label(case: &Case) -> String {
        let mut words: Vec<String> = case.arg.iter().map(u64::to_string).collect();
        words.extend(case.variant.clone());
        words.push(case.runtime.to_string());
        words.join("/")
    }

    fn time(
        declared: &Declared,
        case: &Case,
        iterations: u64,
    ) -> Result<(Duration, Units), Failure> {
        let mut stopwatch = Stopwatch {
            left: iterations,
            began: Instant::now(),
            elapsed: Duration::ZERO,
        };
        let units = (declared.drive)(case, 1, &mut stopwatch)?;
        Ok((stopwatch.elapsed, units))
    }

    struct Stopwatch {
        left: u64,
        began: Instant,
        elapsed: Duration,
    }

    impl Meter for Stopwatch {
        fn prepare(&mut self) -> Result<(), Failure> {
            Ok(())
        }

        fn wants_more(&mut self) -> bool {
            self.left > 0
        }

        fn begin(&mut self) {
            self.began = Instant::now();
        }

        fn end(&mut self) {
            self.elapsed += self.began.elapsed();
            self.left -= 1;
        }

        fn fill(self: Box<Self>, _: &mut Part) -> Result<(), Failure> {
            Ok(())
        }
    }
}
