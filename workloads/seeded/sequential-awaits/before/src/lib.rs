//! Puts product pages together from the answers of three backends, each some milliseconds away.

use std::fmt::Write as _;
use std::time::Duration;

use tokio::time::sleep;

/// What reviewers say of products.
const WORDS: [&str; 7] = [
    "useful",
    "solid",
    "too small",
    "light",
    "not quite straight",
    "quiet",
    "sturdy",
];

/// The backends of a shop.
#[derive(Debug, Clone)]
pub struct Backends {
    stock: Vec<u32>,
    prices: Vec<u32>,
    reviews: Vec<String>,
}

/// What a page is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Parts<'b> {
    stock: u32,
    price: u32,
    reviews: Vec<&'b str>,
}

impl Backends {
    /// Backends that know the first `products` products.
    pub fn new(products: u32) -> Self {
        let reviews = |product: u32| {
            let mut text = String::new();
            for number in 0..24 + product % 4 {
                let kind = (product + number * 5) as usize;
                let (first, second) = (WORDS[kind % 7], WORDS[kind / 2 % 7]);
                let stars = kind * 3 % 5 + 1;
                let _ = writeln!(
                    text,
                    "{stars} {first} & {second}, \"as described\", \
                     <{second}> again after {number} months in use, {first} for the money"
                );
            }
            text
        };
        Self {
            stock: (0..products).map(|product| product * 13 % 90).collect(),
            prices: (0..products).map(|product| 499 + product * 37).collect(),
            reviews: (0..products).map(reviews).collect(),
        }
    }

    async fn stock(&self, product: usize) -> u32 {
        sleep(Duration::from_millis(1)).await;
        self.stock.get(product).copied().unwrap_or(0)
    }

    async fn price(&self, product: usize) -> u32 {
        sleep(Duration::from_millis(2)).await;
        self.prices.get(product).copied().unwrap_or(0)
    }

    async fn reviews(&self, product: usize) -> Vec<&str> {
        sleep(Duration::from_millis(3)).await;
        let reviews = self.reviews.get(product);
        reviews.map_or_else(Vec::new, |reviews| reviews.lines().collect())
    }
}

/// Renders the page of every product.
pub async fn render_all(backends: &Backends, products: usize) -> Vec<String> {
    let mut pages = Vec::with_capacity(products);
    for product in 0..products {
        let parts = gather(backends, product).await;
        pages.push(render(product, &parts));
    }
    pages
}

async fn gather(backends: &Backends, product: usize) -> Parts<'_> {
    let (stock, price, reviews) = tokio::join!(
        backends.stock(product),
        backends.price(product),
        backends.reviews(product)
    );
    Parts {
        stock,
        price,
        reviews,
    }
}

fn render(product: usize, parts: &Parts<'_>) -> String {
    let mut page = String::with_capacity(16 * 1024);
    let (whole, cents) = (parts.price / 100, parts.price % 100);
    let _ = write!(page, "<h1>Product {product}</h1><p>{whole}.{cents:02}, ");
    let _ = match parts.stock {
        0 => write!(page, "sold out</p><ol>"),
        pieces => write!(page, "{pieces} left</p><ol>"),
    };
    for review in distinct(&parts.reviews) {
        page.push_str("<li>");
        for char in review.chars() {
            match char {
                '<' => page.push_str("&lt;"),
                '>' => page.push_str("&gt;"),
                '&' => page.push_str("&amp;"),
                '"' => page.push_str("&quot;"),
                _ => page.push(char),
            }
        }
        page.push_str("</li>");
    }
    page.push_str("</ol>");
    page
}

/// Leaves out reviews that say nearly the same as one before them.
fn distinct<'r>(reviews: &[&'r str]) -> Vec<&'r str> {
    let mut distinct: Vec<&str> = Vec::new();
    for review in reviews {
        let is_known = |known: &&str| shared(known, review) * 20 > review.len() * 19;
        if !distinct.iter().any(is_known) {
            distinct.push(review);
        }
    }
    distinct
}

/// Length of the longest sequence of letters that both have, with others between them.
fn shared(left: &str, right: &str) -> usize {
    let mut row = vec![0; right.len() + 1];
    for letter in left.bytes() {
        let mut diagonal = 0;
        for (at, other) in right.bytes().enumerate() {
            let above = row[at + 1];
            row[at + 1] = if letter == other {
                diagonal + 1
            } else {
                above.max(row[at])
            };
            diagonal = above;
        }
    }
    row[right.len()]
}
