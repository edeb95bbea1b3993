//! The four vertices, one after the other.

use std::fmt::Write;
use std::io;
use std::path::Path;

use tracing::field::Empty;
use tracing::{Instrument as _, Span, info_span};

use crate::buffer::{InterStepBuffer, Queued};
use crate::mapper::{MapError, Mapper};
use crate::message::{Message, Truncated};
use crate::switches::{Sink, Switches};
use crate::udf::Function;
use crate::video::{Size, Video};

/// The pipeline could not get a frame through.
#[derive(Debug, thiserror::Error)]
pub enum PipelineError {
    /// A message in a buffer is damaged.
    #[error("failed to read from the buffer in front of {vertex}")]
    Read {
        /// Who was reading.
        vertex: &'static str,
        /// Why.
        source: Truncated,
    },
    /// A user-defined function failed.
    #[error("failed to map in {vertex}")]
    Map {
        /// Whose function it is.
        vertex: &'static str,
        /// Why.
        source: MapError,
    },
}

/// What goes through a pipeline, and in which portions.
#[derive(Clone, Debug)]
pub struct Feed {
    /// The frames.
    pub video: Video,
    /// What they are resized to.
    pub model: Size,
    /// How many messages a vertex reads at a time, at least one.
    pub batch: usize,
}

/// A running pipeline. Dropping it ends the servers of its functions.
#[derive(Debug)]
pub struct Pipeline {
    feed: Feed,
    switches: Switches,
    resize: MapVertex,
    infer: MapVertex,
    frames: InterStepBuffer,
    resized: InterStepBuffer,
    found: InterStepBuffer,
}

#[derive(Debug)]
struct MapVertex {
    name: &'static str,
    mapper: Mapper,
}

/// Makes the span of a message that takes so many bytes, on its way through one vertex. A span has the name of the place in
/// the source that makes it.
type SpanOf = fn(usize) -> Span;

fn in_resize(bytes: usize) -> Span {
    info_span!(parent: None, "filter-resize", bytes)
}

fn in_inference(bytes: usize) -> Span {
    info_span!(parent: None, "inference", bytes)
}

fn in_out(bytes: usize) -> Span {
    info_span!(parent: None, "out", bytes)
}

/// Milliseconds between two frames.
const FRAME_TIME: u64 = 40;

/// How far an edge may be off after resizing, in pixels.
const TOLERANCE: u32 = 2;

impl Pipeline {
    /// Starts the functions' servers.
    ///
    /// # Errors
    /// When a function does not answer.
    pub async fn start(feed: Feed, switches: Switches) -> io::Result<Self> {
        let filter_resize = Function::filter_resize(feed.video.size(), feed.model, switches);
        let resize = Mapper::connect(filter_resize, switches).await?;
        let inference = Function::inference(feed.model, switches);
        let infer = Mapper::connect(inference, switches).await?;
        Ok(Self::with(feed, switches, (resize, infer)))
    }

    /// Ends the functions' servers, wherever they are, and starts them anew in this process, with empty buffers.
    ///
    /// # Errors
    /// When a function does not answer.
    pub async fn restart(&mut self) -> io::Result<()> {
        *self = Self::start(self.feed.clone(), self.switches).await?;
        Ok(())
    }

    /// Starts a pipeline whose functions are behind these sockets: filter-resize, then inference.
    ///
    /// # Errors
    /// When a function does not answer.
    pub async fn connect(feed: Feed, switches: Switches, sockets: [&Path; 2]) -> io::Result<Self> {
        let resize = Mapper::connect_to(sockets[0], switches).await?;
        let infer = Mapper::connect_to(sockets[1], switches).await?;
        Ok(Self::with(feed, switches, (resize, infer)))
    }

    fn with(feed: Feed, switches: Switches, (resize, infer): (Mapper, Mapper)) -> Self {
        Self {
            feed,
            switches,
            resize: MapVertex {
                name: "filter-resize",
                mapper: resize,
            },
            infer: MapVertex {
                name: "inference",
                mapper: infer,
            },
            frames: InterStepBuffer::default(),
            resized: InterStepBuffer::default(),
            found: InterStepBuffer::default(),
        }
    }

    /// Sends the whole video through and returns the sink's text: one line per frame that shows something.
    ///
    /// # Errors
    /// When a function fails. The pipeline is of no use after that.
    pub async fn run(&mut self) -> Result<String, PipelineError> {
        let mut text = String::new();
        let mut next = 0;
        let (frames, batch) = (self.feed.video.frames(), self.feed.batch.max(1));
        while next < frames {
            let end = (next + batch).min(frames);
            self.take_in(next..end);
            next = end;
            self.resize
                .run(
                    &mut self.frames,
                    (&mut self.resized, in_inference),
                    batch,
                    self.switches,
                )
                .await?;
            self.infer
                .run(
                    &mut self.resized,
                    (&mut self.found, in_out),
                    batch,
                    self.switches,
                )
                .await?;
            self.put_out(&mut text)?;
        }
        Ok(text)
    }

    /// Compares the sink's text with what the video shows.
    ///
    /// # Errors
    /// A sentence about the first line that differs.
    pub fn check(&self, text: &str) -> Result<(), String> {
        let mut lines = text.lines();
        let Feed { video, model, .. } = &self.feed;
        for number in 0..video.frames() {
            let Some(object) = video.object(number, *model) else {
                continue;
            };
            let line = lines
                .next()
                .ok_or_else(|| format!("frame {number} is missing"))?;
            let expected = format!("expected frame {number} with {object}, got {line:?}");
            let numbers: Vec<u32> = line
                .split(|c: char| !c.is_ascii_digit())
                .flat_map(str::parse)
                .collect();
            let [frame, left, top, width, height] = numbers[..] else {
                return Err(expected);
            };
            let region = crate::detect::Region {
                left,
                top,
                width,
                height,
            };
            if frame as usize != number || !region.is_near(object, TOLERANCE) {
                return Err(expected);
            }
        }
        lines
            .next()
            .map_or(Ok(()), |line| Err(format!("no frame belongs to {line:?}")))
    }

    /// What goes through.
    pub fn video(&self) -> &Video {
        &self.feed.video
    }

    /// The vertex `in`: slices frames off the video.
    fn take_in(&mut self, numbers: std::ops::Range<usize>) {
        for number in numbers {
            let id = number as u64;
            let video = &self.feed.video;
            let _in = info_span!("in", bytes = video.size().bytes()).entered();
            let message = Message {
                id,
                event_time: id * FRAME_TIME,
                value: video.frame(number),
            };
            let bytes = message.encode(self.switches);
            let span = in_resize(bytes.len());
            self.frames.write(bytes, span);
        }
    }

    /// The vertex `out`: writes what was found to a text.
    fn put_out(&mut self, text: &mut String) -> Result<(), PipelineError> {
        let batch = self.found.read(self.found.pending());
        for Queued { bytes, span } in &batch {
            let _out = span.enter();
            let message = decode(bytes.clone(), "out", self.switches)?;
            let message = match self.switches.sink {
                Sink::Clone => Message {
                    value: message.value.to_vec().into(),
                    ..message
                },
                Sink::Borrow => message,
            };
            let line = String::from_utf8_lossy(&message.value);
            writeln!(text, "frame {}: {line}", message.id)
                .expect("writing to a string cannot fail");
        }
        self.found.acknowledge(batch.len());
        Ok(())
    }
}

impl MapVertex {
    /// Reads one batch, maps it, writes the results and acknowledges what was read.
    async fn run(
        &mut self,
        from: &mut InterStepBuffer,
        to: (&mut InterStepBuffer, SpanOf),
        batch: usize,
        switches: Switches,
    ) -> Result<(), PipelineError> {
        let read = from.read(batch);
        // What is done for all of a batch at once is seen as work on the first of it.
        for message in read.iter().skip(1) {
            drop(message.span.enter());
        }
        let span = read.first().map_or_else(Span::none, |it| it.span.clone());
        self.go_through(from, read, to, switches)
            .instrument(span)
            .await
    }

    async fn go_through(
        &mut self,
        from: &mut InterStepBuffer,
        read: Vec<Queued>,
        (to, span_of): (&mut InterStepBuffer, SpanOf),
        switches: Switches,
    ) -> Result<(), PipelineError> {
        let (count, vertex) = (read.len(), self.name);
        let decoded = read.into_iter();
        let messages: Vec<Message> = info_span!("read", items = count).in_scope(|| {
            decoded
                .map(|message| decode(message.bytes, vertex, switches))
                .collect::<Result<_, _>>()
        })?;
        let mapped = self
            .mapper
            .map(messages)
            .instrument(info_span!("map", items = count))
            .await
            .map_err(|source| PipelineError::Map { vertex, source })?;
        let write = info_span!("write", items = mapped.len(), bytes = Empty).entered();
        let mut written = 0;
        for message in mapped {
            let bytes = message.encode(switches);
            written += bytes.len();
            let span = span_of(bytes.len());
            to.write(bytes, span);
        }
        write.record("bytes", written);
        drop(write);
        info_span!("ack", items = count).in_scope(|| from.acknowledge(count));
        Ok(())
    }
}

fn decode(
    bytes: bytes::Bytes,
    vertex: &'static str,
    switches: Switches,
) -> Result<Message, PipelineError> {
    Message::decode(bytes, switches).map_err(|source| PipelineError::Read { vertex, source })
}
