//! The header table moves from the request to the connection, where it is optional; both are held.
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

struct Request {
    id: u64,
    path: [u8; 40],
}

struct Connection {
    socket: u64,
    peer: [u8; 56],
    headers: Option<[u64; 24]>,
}

async fn handle(request: &Request, connection: &mut Connection) -> u64 {
    connection.socket += 1;
    Tick(1).await;
    let path = request.path[request.id as usize % 40];
    let headers = connection.headers.get_or_insert([request.id; 24]);
    headers.iter().sum::<u64>() + u64::from(path)
}

async fn linger(connection: Connection) -> u64 {
    let mut left = connection.socket;
    while left > 0 {
        left = u64::from(Tick(1).await);
    }
    u64::from(connection.peer[5])
}

async fn accept(socket: u64) -> u64 {
    let mut connection = black_box(Connection {
        socket,
        peer: [8; 56],
        headers: None,
    });
    let mut total = 0;
    for id in 0..2 {
        let request = black_box(Request { id, path: [9; 40] });
        total += handle(&request, &mut connection).await;
        total += u64::from(Tick(1).await);
    }
    total + linger(connection).await
}

struct Tick(u8);

impl Future for Tick {
    type Output = u8;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<u8> {
        if self.0 == 0 {
            return Poll::Ready(0);
        }
        self.0 -= 1;
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

fn drive<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut cx = Context::from_waker(Waker::noop());
    loop {
        match future.as_mut().poll(&mut cx) {
            Poll::Ready(output) => return output,
            Poll::Pending => std::hint::spin_loop(),
        }
    }
}

fn main() {
    let socket = black_box(std::env::args().count() as u64);
    println!("{}", drive(accept(socket)));
}
