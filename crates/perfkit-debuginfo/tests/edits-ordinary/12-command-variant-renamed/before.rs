//! A command of an actor is renamed and takes a whole document instead of a patch.
use std::collections::VecDeque;
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

mod actor {
    use super::Turn;
    use std::collections::VecDeque;
    use std::hint::black_box;

    pub enum Command {
        Get { id: u64 },
        Patch { id: u64, ops: [u32; 20] },
        Delete { ids: [u64; 6] },
        Stop,
    }

    pub struct Envelope {
        pub sender: u32,
        pub command: Command,
    }

    #[derive(Default)]
    pub struct Mailbox {
        pub queue: VecDeque<Envelope>,
    }

    impl Mailbox {
        pub async fn next(&mut self) -> Option<Envelope> {
            Turn(false).await;
            self.queue.pop_front()
        }
    }

    async fn apply(command: &Command) -> u64 {
        let snapshot = black_box([1u64; 9]);
        Turn(false).await;
        match command {
            Command::Get { id } => snapshot[*id as usize % 9],
            Command::Patch { id, ops } => id + u64::from(ops[3]),
            Command::Delete { ids } => ids.iter().sum(),
            Command::Stop => 0,
        }
    }

    pub async fn run(mut mailbox: Mailbox) -> u64 {
        let mut answer = 0;
        while let Some(envelope) = mailbox.next().await {
            answer += apply(&envelope.command).await + u64::from(envelope.sender);
            if matches!(envelope.command, Command::Stop) {
                break;
            }
        }
        answer
    }
}

use actor::{Command, Envelope, Mailbox};

fn post(queue: &mut VecDeque<Envelope>, sender: u32) {
    let id = u64::from(sender);
    let command = match sender % 4 {
        0 => Command::Get { id },
        1 => Command::Patch {
            id,
            ops: [sender; 20],
        },
        2 => Command::Delete { ids: [id; 6] },
        _ => Command::Stop,
    };
    queue.push_back(black_box(Envelope { sender, command }));
}

async fn supervise(senders: u32) -> u64 {
    let mut mailbox = Mailbox::default();
    for sender in 0..senders {
        post(&mut mailbox.queue, sender);
    }
    actor::run(mailbox).await
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
    let senders = black_box(std::env::args().count() as u32 + 4);
    println!("{}", block_on(supervise(senders)));
}
