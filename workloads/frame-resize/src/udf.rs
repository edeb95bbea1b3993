//! User-defined functions and the server that runs one behind a stream.

use std::io;

use async_trait::async_trait;
use bytes::Bytes;
use tokio::io::DuplexStream;
use tracing::{Instrument as _, info_span};

use crate::detect::{detect, shows_something};
use crate::protocol::{Envelope, Kind, read, write};
use crate::resize::{FrameResizer, ResizeError};
use crate::switches::{Switches, Udf};
use crate::video::Size;

/// A function from one value to one or none, as the story declares it: every call returns a boxed future.
#[async_trait]
pub trait MapUdf: Send {
    /// Maps a value; nothing means that it is filtered out.
    async fn map(&mut self, value: Bytes) -> Result<Option<Bytes>, ResizeError>;
}

/// The pipeline's functions, called as the switch says.
pub enum Function {
    /// The story's form.
    Boxed(Box<dyn MapUdf>),
    /// Called directly.
    FilterResize(FilterResize),
    /// Called directly.
    Inference(Inference),
}

/// Drops frames that show nothing and resizes the others to what the model expects.
#[derive(Debug)]
pub struct FilterResize {
    from: Size,
    resizer: FrameResizer,
}

/// Looks for an object and answers with a line of text.
#[derive(Debug)]
pub struct Inference {
    model: Size,
}

impl FilterResize {
    fn run(&mut self, frame: &[u8]) -> Result<Option<Bytes>, ResizeError> {
        let _resize = info_span!("resize", bytes = frame.len()).entered();
        if !shows_something(frame, self.from) {
            return Ok(None);
        }
        Ok(Some(self.resizer.resize(frame)?.into()))
    }
}

impl Inference {
    fn run(&self, frame: &[u8]) -> Result<Option<Bytes>, ResizeError> {
        let _detect = info_span!("detect", bytes = frame.len()).entered();
        if frame.len() != self.model.bytes() {
            return Err(ResizeError::Length {
                got: frame.len(),
                expected: self.model.bytes(),
            });
        }
        Ok(detect(frame, self.model).map(|region| region.to_string().into()))
    }
}

#[async_trait]
impl MapUdf for FilterResize {
    async fn map(&mut self, value: Bytes) -> Result<Option<Bytes>, ResizeError> {
        self.run(&value)
    }
}

#[async_trait]
impl MapUdf for Inference {
    async fn map(&mut self, value: Bytes) -> Result<Option<Bytes>, ResizeError> {
        self.run(&value)
    }
}

impl Function {
    /// The second vertex's function, for frames of size `from` and a model that expects size `to`.
    pub fn filter_resize(from: Size, to: Size, switches: Switches) -> Self {
        let function = FilterResize {
            from,
            resizer: FrameResizer::new(from, to, switches.resize),
        };
        match switches.udf {
            Udf::Boxed => Self::Boxed(Box::new(function)),
            Udf::Native => Self::FilterResize(function),
        }
    }

    /// The third vertex's function, for frames of the size that the model expects.
    pub fn inference(model: Size, switches: Switches) -> Self {
        let function = Inference { model };
        match switches.udf {
            Udf::Boxed => Self::Boxed(Box::new(function)),
            Udf::Native => Self::Inference(function),
        }
    }

    /// Maps a value; nothing means that it is filtered out.
    ///
    /// # Errors
    /// When the value is no frame of the size that was agreed.
    pub async fn map(&mut self, value: Bytes) -> Result<Option<Bytes>, ResizeError> {
        match self {
            Self::Boxed(function) => function.map(value).await,
            Self::FilterResize(function) => function.run(&value),
            Self::Inference(function) => function.run(&value),
        }
    }
}

/// Answers the handshake and then every request, in order, until the vertex hangs up.
///
/// # Errors
/// Whatever the stream reports, or `InvalidData` when the vertex does not keep to the protocol.
pub async fn serve(
    stream: DuplexStream,
    mut function: Function,
    switches: Switches,
) -> io::Result<()> {
    let (mut requests, mut responses) = tokio::io::split(stream);
    let Some(handshake) = read(&mut requests, switches).await? else {
        return Ok(());
    };
    if handshake.kind != Kind::Handshake {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "the stream starts without a handshake",
        ));
    }
    write(&mut responses, &handshake, switches).await?;
    while let Some(request) = read(&mut requests, switches)
        .instrument(info_span!("receive"))
        .await?
    {
        let (kind, payload) = match function.map(request.payload).await {
            Ok(Some(value)) => (Kind::Mapped, value),
            Ok(None) => (Kind::Dropped, Bytes::new()),
            Err(error) => (Kind::Failed, Bytes::from(error.to_string())),
        };
        write(
            &mut responses,
            &Envelope {
                kind,
                id: request.id,
                payload,
            },
            switches,
        )
        .instrument(info_span!("answer"))
        .await?;
    }
    Ok(())
}
