//! A pull request that tidies up: types and functions get better names, move into modules and change their order.
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

mod message {
    pub enum Message {
        Ping(u64),
        Text { room: u64, body: [u8; 88] },
        Roster([u32; 20]),
    }
}

async fn accept(connections: u64) -> u64 {
    let mut seen = 0;
    for id in 0..connections {
        let connection = black_box(connection::Connection {
            id,
            limits: connection::RateLimits {
                burst: 9,
                per_minute: [60; 12],
            },
            inbox: [id as u8; 200],
        });
        seen += connection::serve(connection).await;
    }
    seen
}

mod connection {
    use super::Nap;
    use super::message::Message;
    use std::hint::black_box;

    pub struct RateLimits {
        pub burst: u32,
        pub per_minute: [u32; 12],
    }

    pub struct Connection {
        pub id: u64,
        pub limits: RateLimits,
        pub inbox: [u8; 200],
    }

    pub async fn serve(mut connection: Connection) -> u64 {
        let mut seen = 0;
        for _ in 0..3 {
            let message = receive(&mut connection).await;
            seen += dispatch(&connection, message).await;
            connection.id += 1;
        }
        seen
    }

    async fn dispatch(connection: &Connection, message: Message) -> u64 {
        let mut scores = black_box([connection.limits.per_minute[3]; 26]);
        Nap(2).await;
        scores[0] += 1;
        match message {
            Message::Ping(at) => at + u64::from(scores[0]),
            Message::Text { room, body } => room + u64::from(body[7]),
            Message::Roster(users) => u64::from(users[5]),
        }
    }

    async fn receive(connection: &mut Connection) -> Message {
        let header = black_box([connection.id; 11]);
        Nap(1).await;
        connection.inbox[connection.id as usize % 200] += 1;
        match header[4] % 3 {
            0 => Message::Ping(header[4]),
            1 => Message::Text {
                room: connection.id,
                body: [connection.inbox[0]; 88],
            },
            _ => Message::Roster([connection.limits.burst; 20]),
        }
    }
}

struct Nap(u8);

impl Future for Nap {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.0 == 0 {
            return Poll::Ready(());
        }
        self.0 -= 1;
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
    let connections = black_box(std::env::args().count() as u64 + 1);
    println!("{}", block_on(accept(connections)));
}
