//! The quota of a gateway is checked before the access, and the check of the access captures the roles too.
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

#[derive(Clone, Copy)]
struct Request {
    user: usize,
    path: u64,
}

struct Layer<F> {
    check: F,
    denied: u64,
}

impl<F: Fn(&Request) -> bool> Layer<F> {
    fn new(check: F) -> Self {
        Layer { check, denied: 0 }
    }

    fn admits(&mut self, request: &Request) -> bool {
        let admits = (self.check)(request);
        self.denied += u64::from(!admits);
        admits
    }
}

async fn upstream(request: Request) -> u64 {
    let body = black_box([request.path; 12]);
    Rest(false).await;
    body[request.user % 12]
}

async fn serve<A, B, R>(mut first: Layer<A>, mut second: Layer<B>, rewrite: R) -> u64
where
    A: Fn(&Request) -> bool,
    B: Fn(&Request) -> bool,
    R: Fn(&Request) -> Request,
{
    let mut sum = 0;
    for user in 0..24 {
        let path = user as u64 * 5;
        let request = Request { user, path };
        if first.admits(&request) && second.admits(&request) {
            sum += upstream(rewrite(&request)).await;
        }
    }
    sum + first.denied * 100 + second.denied
}

async fn gateway(seed: u64) -> u64 {
    let allowed = black_box([seed; 9]);
    let quotas = black_box([seed + 2; 11]);
    let prefixes = black_box([seed * 3; 10]);
    let access = move |request: &Request| allowed[request.user % 9] <= request.path;
    let quota = move |request: &Request| quotas[request.user % 11] < 2 + request.path;
    let rewrite = move |request: &Request| Request {
        user: request.user,
        path: request.path + prefixes[request.user % 10],
    };
    serve(Layer::new(access), Layer::new(quota), rewrite).await
}

struct Rest(bool);

impl Future for Rest {
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
    let seed = black_box(std::env::args().count() as u64);
    println!("{}", block_on(gateway(seed)));
}
