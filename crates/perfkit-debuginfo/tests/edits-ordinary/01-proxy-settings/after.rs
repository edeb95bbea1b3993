//! The client configuration gets optional proxy settings; the client and the futures around it hold it.
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

mod config {
    #[derive(Clone)]
    pub struct RetryPolicy {
        pub limit: u32,
        pub base_ms: u32,
        pub jitter: [u32; 4],
    }

    #[derive(Clone)]
    pub struct ProxySettings {
        pub host: [u8; 64],
        pub credentials: [u8; 40],
        pub port: u16,
    }

    #[derive(Clone)]
    pub struct ClientConfig {
        pub base_url: [u8; 48],
        pub retry: RetryPolicy,
        pub timeout_ms: u64,
        pub proxy: Option<ProxySettings>,
    }

    impl ClientConfig {
        pub fn from_env(seed: u64) -> Self {
            ClientConfig {
                base_url: [b'h' + (seed % 3) as u8; 48],
                retry: RetryPolicy {
                    limit: 2,
                    base_ms: 10,
                    jitter: [1, 2, 3, 4],
                },
                timeout_ms: seed * 100,
                proxy: (seed % 2 == 1).then(|| ProxySettings {
                    host: [b'p'; 64],
                    credentials: [0; 40],
                    port: 3128,
                }),
            }
        }
    }
}

mod client {
    use super::Pause;
    use super::config::ClientConfig;
    use std::hint::black_box;

    pub struct Client {
        config: ClientConfig,
        sent: u64,
    }

    async fn exchange(url: &[u8], path: u64) -> Result<u64, u64> {
        let head = black_box([path as u8; 72]);
        Pause(false).await;
        let sum: u64 = head.iter().zip(url).map(|(&a, &b)| u64::from(a ^ b)).sum();
        if sum % 5 == 4 { Err(sum) } else { Ok(sum) }
    }

    impl Client {
        pub async fn connect(config: ClientConfig) -> Client {
            let banner = exchange(&config.base_url, config.timeout_ms).await;
            Client {
                config,
                sent: banner.unwrap_or(0),
            }
        }

        pub async fn get(&mut self, path: u64) -> u64 {
            for attempt in 0..self.config.retry.limit {
                self.sent += 1;
                let target: &[u8] = match &self.config.proxy {
                    Some(proxy) if proxy.port != 0 && proxy.credentials[0] == 0 => &proxy.host,
                    _ => &self.config.base_url,
                };
                match exchange(target, path).await {
                    Ok(body) => return body,
                    Err(_) => {
                        let jitter = self.config.retry.jitter[attempt as usize % 4];
                        for _ in 0..jitter + self.config.retry.base_ms {
                            Pause(false).await;
                        }
                    }
                }
            }
            self.sent
        }
    }
}

async fn poll_feed(config: &config::ClientConfig, feeds: u64) -> u64 {
    let mut client = black_box(client::Client::connect(config.clone()).await);
    let mut total = 0;
    for feed in 0..feeds {
        total += client.get(feed).await;
    }
    total
}

struct Pause(bool);

impl Future for Pause {
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
    let feeds = black_box(std::env::args().count() as u64);
    let config = black_box(config::ClientConfig::from_env(feeds));
    println!("{}", block_on(poll_feed(&config, feeds + 2)));
}
