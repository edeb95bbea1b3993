//! The code is formatted differently: long lines broken, short ones joined.
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

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

mod parser {
    use super::Pause;
    use std::hint::black_box;

    #[derive(Clone, Copy)]
    pub struct Token {
        kind: u8,
        start: u32,
        end: u32,
    }

    pub struct Lexer {
        window: [u8; 80],
        position: usize,
    }

    impl Lexer {
        pub async fn next(&mut self) -> Token {
            let start = self.position as u32;
            Pause::default().await;
            self.position += 3;
            Token { kind: self.window[self.position % 80], start, end: self.position as u32 }
        }

        pub async fn lookahead(&mut self) -> [Token; 8] {
            let first = self.next().await;
            let mut tokens = black_box([first; 8]);
            for index in 1..8 { tokens[index] = self.next().await; }
            tokens
        }
    }

    pub async fn parse(input: usize) -> u64 {
        let mut lexer = Lexer { window: black_box([input as u8; 80]), position: input };
        let tokens = lexer.lookahead().await;
        let widths = async move { Pause::default().await; tokens.map(|token| token.end - token.start) };
        let width = |index: usize| tokens[index % 8].end - tokens[index % 8].start;
        let sum: u32 = widths.await.iter().sum();
        u64::from(sum + black_box(width)(input)) + u64::from(tokens[0].kind)
    }
}

fn run_to_end<T>(task: impl Future<Output = T>) -> T {
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
    let input = black_box(std::env::args().count());
    println!("{}", run_to_end(parser::parse(input)));
}
