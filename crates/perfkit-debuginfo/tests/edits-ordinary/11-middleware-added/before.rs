//! Two middlewares are registered above the ones that were there, as closures of the same function.
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

type Middleware = Box<dyn Fn(&mut Request) -> bool>;

struct Request {
    path: [u8; 64],
    user: u64,
    cost: u64,
}

struct App {
    middlewares: Vec<Middleware>,
}

impl App {
    fn with(mut self, middleware: impl Fn(&mut Request) -> bool + 'static) -> Self {
        self.middlewares.push(Box::new(middleware));
        self
    }

    async fn handle(&self, mut request: Request) -> u64 {
        for middleware in &self.middlewares {
            if !middleware(&mut request) {
                return 0;
            }
            Turn(false).await;
        }
        request.cost + u64::from(request.path[4])
    }
}

fn app(seed: u64) -> App {
    let quotas = black_box([seed + 100; 24]);
    let origins = black_box([seed as u8; 90]);
    App {
        middlewares: vec![],
    }
    .with(move |request| {
        request.cost += 1;
        quotas[request.user as usize % 24] > request.cost
    })
    .with(move |request| {
        request.cost += u64::from(origins[request.user as usize % 90]);
        request.path[0] != 0
    })
}

async fn listen(requests: u64) -> u64 {
    let app = app(requests);
    let mut total = 0;
    for user in 0..requests {
        let request = black_box(Request {
            path: [b'/'; 64],
            user,
            cost: 0,
        });
        total += app.handle(request).await;
    }
    total
}

struct Turn(bool);

impl Future for Turn {
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
    let requests = black_box(std::env::args().count() as u64 + 1);
    println!("{}", block_on(listen(requests)));
}
