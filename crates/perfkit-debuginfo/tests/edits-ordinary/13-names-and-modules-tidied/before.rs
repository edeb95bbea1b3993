//! A pull request that tidies up: types and functions get better names, move into modules and change their order.
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

struct Conn {
    id: u64,
    inbox: [u8; 200],
    limits: Limits,
}

struct Limits {
    per_minute: [u32; 12],
    burst: u32,
}

enum Msg {
    Ping(u64),
    Text { room: u64, body: [u8; 88] },
    Roster([u32; 20]),
}

async fn read_msg(conn: &mut Conn) -> Msg {
    let header = black_box([conn.id; 11]);
    Nap(1).await;
    conn.inbox[conn.id as usize % 200] += 1;
    match header[4] % 3 {
        0 => Msg::Ping(header[4]),
        1 => Msg::Text {
            room: conn.id,
            body: [conn.inbox[0]; 88],
        },
        _ => Msg::Roster([conn.limits.burst; 20]),
    }
}

async fn do_msg(conn: &Conn, msg: Msg) -> u64 {
    let mut scores = black_box([conn.limits.per_minute[3]; 26]);
    Nap(2).await;
    scores[0] += 1;
    match msg {
        Msg::Ping(at) => at + u64::from(scores[0]),
        Msg::Text { room, body } => room + u64::from(body[7]),
        Msg::Roster(users) => u64::from(users[5]),
    }
}

async fn conn_loop(mut conn: Conn) -> u64 {
    let mut seen = 0;
    for _ in 0..3 {
        let msg = read_msg(&mut conn).await;
        seen += do_msg(&conn, msg).await;
        conn.id += 1;
    }
    seen
}

async fn accept_loop(conns: u64) -> u64 {
    let mut seen = 0;
    for id in 0..conns {
        let conn = black_box(Conn {
            id,
            inbox: [id as u8; 200],
            limits: Limits {
                per_minute: [60; 12],
                burst: 9,
            },
        });
        seen += conn_loop(conn).await;
    }
    seen
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
    let conns = black_box(std::env::args().count() as u64 + 1);
    println!("{}", block_on(accept_loop(conns)));
}
