//! The service between a client and a store, all in one process over loopback.

use std::net::Ipv4Addr;

use predict::catalogue::{Catalogue, ITEMS};
use predict::certificate::Certificate;
use predict::client::{Client, features};
use predict::message::{Features, ITEMS_OF_REQUEST, Prediction, Request, requests};
use predict::model::Model;
use predict::service::Service;
use predict::store;
use predict::switches::{Library, Lifetime, Switches, UnknownVariant};
use predict::tls::Clients;
use tokio::net::TcpListener;
use tokio::task::AbortHandle;

const SEED: u64 = 3;

/// A store on a free port.
async fn store(certificate: &Certificate) -> (u16, AbortHandle) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
    let listener = listener.expect("there is a free port");
    let port = listener.local_addr().expect("it has an address").port();
    let certificate = certificate.clone();
    let running =
        tokio::spawn(
            async move { store::run(listener, &certificate, Catalogue::generate(SEED)).await },
        );
    (port, running.abort_handle())
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime
        .expect("the system has what a runtime needs")
        .block_on(future)
}

/// Every form of the service that this build can be.
fn forms() -> Vec<Switches> {
    let names = ["cured", "cured+new-client", "story", "story+pooled-client"];
    let all = names
        .into_iter()
        .map(|name| name.parse::<Switches>().expect("it is one"));
    all.filter(|switches| switches.tls == Library::Rustls || cfg!(feature = "openssl"))
        .collect()
}

#[test]
fn every_form_answers_what_the_model_says() {
    for switches in forms() {
        block_on(async {
            let certificate = Certificate::generate().unwrap();
            let (port, store) = store(&certificate).await;
            let clients = Clients::new(switches, &certificate.pem).unwrap();
            let service = Service::start(clients, Model::trained(SEED), port)
                .await
                .unwrap();
            let (catalogue, model) = (Catalogue::generate(SEED), Model::trained(SEED));
            let client =
                Client::new(service.address(), &requests(SEED, 3), &catalogue, &model).unwrap();
            for index in 0..4 {
                assert!(client.clone().ask(index).await, "{switches:?}");
            }
            // A model that learned something else says something else, and the client sees it.
            let other = Client::new(
                service.address(),
                &requests(SEED, 1),
                &catalogue,
                &Model::trained(SEED + 1),
            );
            assert!(!other.unwrap().ask(0).await, "{switches:?}");
            // Without a store there is no answer, and the service lives on.
            store.abort();
            let _in_flight: bool = client.clone().ask(0).await;
            assert!(!client.ask(0).await, "{switches:?}");
        });
    }
}

/// What is no certificate of the store's is not trusted.
#[test]
fn strangers_are_not_trusted() {
    block_on(async {
        let (port, _store) = store(&Certificate::generate().unwrap()).await;
        let another = Certificate::generate().unwrap();
        let clients = Clients::new(Switches::cured(), &another.pem).unwrap();
        let service = Service::start(clients, Model::trained(SEED), port)
            .await
            .unwrap();
        let (catalogue, model) = (Catalogue::generate(SEED), Model::trained(SEED));
        let client = Client::new(service.address(), &requests(SEED, 1), &catalogue, &model);
        assert!(!client.unwrap().ask(0).await);
    });
}

#[test]
fn the_store_wants_a_token() {
    block_on(async {
        let certificate = Certificate::generate().unwrap();
        let (port, _store) = store(&certificate).await;
        let clients = Clients::new(Switches::cured(), &certificate.pem).unwrap();
        let client = clients.get().unwrap();
        let address = format!("https://localhost:{port}/features");
        let ask = async |token: &str, body: &str| {
            let request = client
                .post(&address)
                .bearer_auth(token)
                .body(body.to_owned());
            let response = request.send().await.unwrap();
            (response.status().as_u16(), response.text().await.unwrap())
        };
        let body = r#"{"user":1,"items":[5,5,7]}"#;
        assert_eq!(ask("guessed", body).await.0, 401);
        assert_eq!(ask(store::TOKEN, "{").await.0, 422);
        let unknown = format!(r#"{{"user":1,"items":[{ITEMS}]}}"#);
        assert_eq!(ask(store::TOKEN, &unknown).await.0, 404);
        let (status, text) = ask(store::TOKEN, body).await;
        assert_eq!(status, 200);
        let said: Features = serde_json::from_str(&text).unwrap();
        let request = Request {
            user: 1,
            items: vec![5, 5, 7],
        };
        assert_eq!(Some(said), features(&request, &Catalogue::generate(SEED)));
    });
}

/// Against the formula, computed in double precision.
#[test]
fn the_best_come_first() {
    let (catalogue, model) = (Catalogue::generate(SEED), Model::trained(SEED));
    for request in requests(SEED, 5) {
        assert_eq!(request.items.len(), ITEMS_OF_REQUEST);
        let features = features(&request, &catalogue).unwrap();
        let Prediction { best } = model.predict(&request, &features);
        assert_eq!(best.len(), 10);
        let likelihoods: Vec<f32> = best.iter().map(|scored| scored.probability).collect();
        assert!(
            likelihoods.is_sorted_by(|left, right| left >= right),
            "{likelihoods:?}"
        );
        assert!(
            likelihoods
                .iter()
                .all(|likely| (0.0..=1.0).contains(likely))
        );
        // Nothing that was left out is likelier than the last one.
        let alone = |index: usize| {
            let one = Request {
                user: request.user,
                items: vec![request.items[index]],
            };
            let row = Features {
                rows: vec![features.rows[index]],
            };
            model.predict(&one, &row).best[0]
        };
        for index in 0..request.items.len() {
            let scored = alone(index);
            let is_in = best.iter().any(|one| one.item == scored.item);
            assert!(is_in || scored.probability <= likelihoods[9]);
        }
    }
}

#[test]
fn variants_are_read() {
    let read = |name: &str| name.parse::<Switches>();
    assert_eq!(read("story"), Ok(Switches::story()));
    assert_eq!(
        read("cured+new-client+openssl"),
        Ok(Switches {
            client: Lifetime::Request,
            tls: Library::OpenSsl
        })
    );
    for (name, part) in [("", ""), ("storey", "storey"), ("story+tls", "tls")] {
        let part = part.to_owned();
        assert_eq!(read(name), Err(UnknownVariant { part }));
    }
}
