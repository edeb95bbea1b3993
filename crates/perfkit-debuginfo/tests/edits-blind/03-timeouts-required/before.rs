//! The three optional timeouts of a connection are grouped into a struct and get defaults.
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

struct Connection {
    peer: [u8; 16],
    read_timeout: Option<u64>,
    write_timeout: Option<u64>,
    idle_timeout: Option<u64>,
    inbox: [u8; 160],
    filled: usize,
}

impl Connection {
    fn accept(id: u8) -> Self {
        Connection {
            peer: [id; 16],
            read_timeout: Some(4),
            write_timeout: (id % 2 == 0).then_some(6),
            idle_timeout: None,
            inbox: [0; 160],
            filled: 0,
        }
    }

    async fn read(&mut self) -> Option<usize> {
        for elapsed in 0.. {
            if self.read_timeout.is_some_and(|limit| elapsed > limit) {
                return None;
            }
            if Wait(false).await % 3 == elapsed % 3 {
                break;
            }
        }
        let read = 32.min(self.inbox.len() - self.filled);
        self.inbox[self.filled..self.filled + read].fill(self.peer[0]);
        self.filled += read;
        Some(read)
    }

    async fn write(&mut self, reply: [u8; 48]) -> bool {
        for (elapsed, chunk) in reply.chunks(8).enumerate() {
            if self
                .write_timeout
                .is_some_and(|limit| elapsed as u64 > limit)
            {
                return false;
            }
            Wait(false).await;
            self.inbox[elapsed] ^= chunk[0];
        }
        true
    }
}

async fn serve(mut connection: Connection) -> u64 {
    let mut served = 0;
    while let Some(read) = connection.read().await {
        if read == 0 || connection.idle_timeout.is_some_and(|limit| served > limit) {
            break;
        }
        if !connection.write(black_box([read as u8; 48])).await {
            break;
        }
        served += 1;
    }
    served
        + connection
            .inbox
            .iter()
            .map(|&byte| u64::from(byte))
            .sum::<u64>()
}

async fn listen(clients: u8) -> u64 {
    let mut sum = 0;
    for id in 0..clients {
        let connection = black_box(Connection::accept(id));
        sum += serve(connection).await;
    }
    sum
}

struct Wait(bool);

impl Future for Wait {
    type Output = u64;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<u64> {
        if self.0 {
            return Poll::Ready(2);
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
    let clients = black_box(std::env::args().count() as u8 + 2);
    println!("{}", block_on(listen(clients)));
}
