//! Two type aliases are renamed.
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

type File = [u64; 16];
type Step = Result<Machine, Fault>;

struct Machine {
    registers: File,
    counter: usize,
}

struct Fault {
    registers: File,
    at: usize,
}

async fn step(mut machine: Machine) -> Step {
    YieldNow(false).await;
    machine.counter += 1;
    machine.registers[machine.counter % 16] += 3;
    if machine.counter > 5 {
        return Err(Fault {
            registers: machine.registers,
            at: machine.counter,
        });
    }
    Ok(machine)
}

async fn execute(start: usize) -> u64 {
    let mut machine = black_box(Machine {
        registers: [start as u64; 16],
        counter: start,
    });
    loop {
        let outcome: Step = step(machine).await;
        YieldNow(false).await;
        match outcome {
            Ok(next) => machine = next,
            Err(fault) => return fault.registers[fault.at % 16],
        }
    }
}

struct YieldNow(bool);

impl Future for YieldNow {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.0 {
            return Poll::Ready(());
        }
        self.0 = true;
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut cx = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
            return output;
        }
    }
}

fn main() {
    let start = black_box(std::env::args().count());
    println!("{}", block_on(execute(start)));
}
