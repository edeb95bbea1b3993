//! An async block is removed; the one below it moves up and holds a wider histogram.
use std::cell::RefCell;
use std::collections::VecDeque;
use std::hint::black_box;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

type Tally = Rc<RefCell<Vec<u64>>>;

#[derive(Default)]
struct Scheduler {
    ready: VecDeque<Pin<Box<dyn Future<Output = ()>>>>,
}

impl Scheduler {
    fn spawn(&mut self, task: impl Future<Output = ()> + 'static) {
        self.ready.push_back(Box::pin(task));
    }

    fn run(&mut self) {
        let mut cx = Context::from_waker(Waker::noop());
        while let Some(mut task) = self.ready.pop_front() {
            if task.as_mut().poll(&mut cx).is_pending() {
                self.ready.push_back(task);
            }
        }
    }
}

fn observe(scheduler: &mut Scheduler, tally: &Tally, load: u64) {
    let out = Rc::clone(tally);
    scheduler.spawn(async move {
        let histogram = black_box([load; 34]);
        Pause::default().await;
        out.borrow_mut().extend(histogram);
    });
}

#[derive(Default)]
struct Pause {
    polled: bool,
}

impl Future for Pause {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        match std::mem::replace(&mut self.polled, true) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    }
}

fn main() {
    let load = black_box(std::env::args().count() as u64);
    let tally = Tally::default();
    let mut scheduler = Scheduler::default();
    observe(&mut scheduler, &tally, load);
    scheduler.run();
    println!("{}", tally.borrow().len());
}
