//! The value that one variant of a command carries is four times as long.
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

mod kv {
    use super::YieldNow;
    use std::hint::black_box;

    pub enum Command {
        Get { key: [u8; 16] },
        Put { key: [u8; 16], value: [u8; 64] },
        Delete { key: [u8; 16], version: u64 },
    }

    pub fn command(n: usize) -> Command {
        let key = [n as u8; 16];
        black_box(match n % 3 {
            0 => Command::Get { key },
            1 => Command::Put {
                key,
                value: [n as u8; 64],
            },
            _ => Command::Delete {
                key,
                version: n as u64,
            },
        })
    }

    pub async fn execute(n: usize) -> u64 {
        let command = command(n);
        YieldNow(false).await;
        match &command {
            Command::Get { key } => u64::from(key[0]),
            Command::Put { key, value } => u64::from(key[1]) + u64::from(value[n % 64]),
            Command::Delete { key, version } => u64::from(key[2]) + version,
        }
    }
}

async fn serve(commands: usize) -> u64 {
    let mut replies = 0;
    for n in 0..=commands {
        replies += kv::execute(n).await;
    }
    replies
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

fn run<T>(task: impl Future<Output = T>) -> T {
    let mut task = pin!(task);
    let cx = &mut Context::from_waker(Waker::noop());
    loop {
        match task.as_mut().poll(cx) {
            Poll::Ready(value) => break value,
            Poll::Pending => std::hint::spin_loop(),
        }
    }
}

fn main() {
    let commands = black_box(std::env::args().count());
    println!("{}", run(serve(commands)));
}
