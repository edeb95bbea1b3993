//! Both ends of the stream, for either type of a `bytes` field: what is generated for one has nothing in common with what is
//! generated for the other.

macro_rules! flavour {
    ($name:ident, $bytes:ty) => {
        pub mod $name {
            //! Messages whose payloads are of one type.

            use std::pin::pin;
            use std::sync::{Mutex, PoisonError};

            use tokio::sync::mpsc;
            use tokio_stream::wrappers::{ReceiverStream, UnixListenerStream};
            use tonic::transport::{Endpoint, Server};
            use tonic::{Request, Response, Status, Streaming};

            use super::*;

            #[allow(
                clippy::all,
                clippy::allow_attributes_without_reason,
                missing_docs,
                unreachable_pub,
                unused_qualifications,
                reason = "generated"
            )]
            mod wire {
                include!(concat!(
                    env!("OUT_DIR"),
                    "/",
                    stringify!($name),
                    "/map.v1.rs"
                ));
            }

            use wire::map_client::MapClient;
            use wire::map_server::{Map, MapServer};
            use wire::{Handshake, MapRequest, MapResponse, map_request, map_response};

            /// A vertex's end.
            #[derive(Debug)]
            pub struct Stream {
                requests: mpsc::Sender<MapRequest>,
                responses: Streaming<MapResponse>,
                switches: Switches,
            }

            impl Stream {
                /// Connects and shakes hands.
                ///
                /// # Errors
                /// When nobody answers, or something else.
                pub async fn connect(socket: &Path, switches: Switches) -> io::Result<Self> {
                    let address = format!("unix://{}", socket.display());
                    let endpoint = Endpoint::from_shared(address).map_err(broken)?;
                    let channel = endpoint.connect().await.map_err(broken)?;
                    let mut client = MapClient::new(channel)
                        .max_decoding_message_size(LIMIT)
                        .max_encoding_message_size(LIMIT);
                    let (requests, outgoing) = mpsc::channel(WAITING);
                    let handshake = MapRequest {
                        handshake: Some(Handshake { sot: true }),
                        ..MapRequest::default()
                    };
                    requests.send(handshake).await.map_err(broken)?;
                    let response = client.map_fn(ReceiverStream::new(outgoing)).await;
                    let mut responses = response.map_err(broken)?.into_inner();
                    match responses.message().await.map_err(broken)? {
                        Some(MapResponse {
                            handshake: Some(Handshake { sot: true }),
                            ..
                        }) => Ok(Self {
                            requests,
                            responses,
                            switches,
                        }),
                        _ => Err(io::Error::new(
                            io::ErrorKind::InvalidData,
                            "the function does not shake hands",
                        )),
                    }
                }

                pub(crate) async fn map(
                    &mut self,
                    messages: &[Message],
                ) -> Result<Vec<Message>, MapError> {
                    let (requests, switches) = (&self.requests, self.switches);
                    let send = async {
                        for message in messages {
                            let request = MapRequest {
                                request: Some(map_request::Request {
                                    keys: Vec::new(),
                                    value: Field::of(&message.value, switches),
                                    event_time: message.event_time,
                                }),
                                id: message.id,
                                handshake: None,
                            };
                            requests.send(request).await.map_err(|_| {
                                io::Error::new(io::ErrorKind::BrokenPipe, "the stream has ended")
                            })?;
                        }
                        Ok(())
                    };
                    let responses = &mut self.responses;
                    let receive = async {
                        let mut mapped = Vec::with_capacity(messages.len());
                        for message in messages {
                            let response = responses
                                .message()
                                .await
                                .map_err(|status| refused(message.id, status))?;
                            let response =
                                response.ok_or(io::Error::from(io::ErrorKind::UnexpectedEof))?;
                            if response.id != message.id {
                                let error = io::Error::new(
                                    io::ErrorKind::InvalidData,
                                    "a response fits no request",
                                );
                                return Err(error.into());
                            }
                            mapped.extend(response.results.into_iter().map(|result| Message {
                                id: message.id,
                                event_time: message.event_time,
                                value: result.value.value(switches),
                            }));
                        }
                        Ok::<_, MapError>(mapped)
                    };
                    exchange(pin!(send), pin!(receive)).await
                }
            }

            /// A function behind a socket.
            struct Service {
                /// The first stream takes it.
                function: Mutex<Option<Function>>,
                switches: Switches,
            }

            #[tonic::async_trait]
            impl Map for Service {
                type MapFnStream = ReceiverStream<Result<MapResponse, Status>>;

                async fn map_fn(
                    &self,
                    request: Request<Streaming<MapRequest>>,
                ) -> Result<Response<Self::MapFnStream>, Status> {
                    let mut function = self.function.lock().unwrap_or_else(PoisonError::into_inner);
                    let function = function.take();
                    let function = function
                        .ok_or_else(|| Status::resource_exhausted("another stream is open"))?;
                    let (responses, outgoing) = mpsc::channel(WAITING);
                    tokio::spawn(answer(
                        request.into_inner(),
                        responses,
                        function,
                        self.switches,
                    ));
                    Ok(Response::new(ReceiverStream::new(outgoing)))
                }
            }

            /// Answers every request, in order, until the vertex hangs up.
            async fn answer(
                mut requests: Streaming<MapRequest>,
                responses: mpsc::Sender<Result<MapResponse, Status>>,
                mut function: Function,
                switches: Switches,
            ) {
                while let Ok(Some(request)) = requests.message().await {
                    let response = match (request.handshake, request.request) {
                        (Some(handshake), _) => Ok(MapResponse {
                            handshake: Some(handshake),
                            ..MapResponse::default()
                        }),
                        (None, Some(asked)) => {
                            let mapped = function.map(asked.value.into()).await;
                            let result = |value: Bytes| map_response::Result {
                                keys: Vec::new(),
                                value: Field::of(&value, switches),
                                tags: Vec::new(),
                            };
                            mapped
                                .map(|value| MapResponse {
                                    results: value.into_iter().map(result).collect(),
                                    id: request.id,
                                    handshake: None,
                                })
                                .map_err(|error| Status::invalid_argument(error.to_string()))
                        }
                        (None, None) => {
                            Err(Status::failed_precondition("a request without a value"))
                        }
                    };
                    if responses.send(response).await.is_err() {
                        break;
                    }
                }
            }

            /// Runs a function behind a socket.
            ///
            /// # Errors
            /// When the socket fails.
            pub async fn serve(
                listener: UnixListener,
                function: Function,
                switches: Switches,
            ) -> io::Result<()> {
                let service = MapServer::new(Service {
                    function: Mutex::new(Some(function)),
                    switches,
                })
                .max_decoding_message_size(LIMIT)
                .max_encoding_message_size(LIMIT);
                Server::builder()
                    .add_service(service)
                    .serve_with_incoming(UnixListenerStream::new(listener))
                    .await
                    .map_err(broken)
            }

            // The type of a `bytes` field is what this flavour is named for.
            const _: fn(map_request::Request) -> $bytes = |request| request.value;
        }
    };
}
